import dgram from 'node:dgram';
import { once } from 'node:events';
import net, { isIPv6 } from 'node:net';
import type { WorkerTransports } from '../link/control.js';

/** Replaces each port 0 by a free port: all workers must listen on the same one, also those that are started again. */
export async function choosePorts({ tcp, websocket, udp }: WorkerTransports): Promise<WorkerTransports> {
  return {
    tcp: tcp?.port === 0 ? { ...tcp, port: await freePort(tcp.host) } : tcp,
    websocket: websocket?.port === 0 ? { ...websocket, port: await freePort(websocket.host) } : websocket,
    udp: udp?.port === 0 ? { ...udp, port: await freeDatagramPort(udp.host) } : udp,
  };
}

async function freePort(host = '0.0.0.0'): Promise<number> {
  const server = net.createServer();
  server.listen({ port: 0, host, exclusive: true });
  await once(server, 'listening');
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function freeDatagramPort(host = '0.0.0.0'): Promise<number> {
  const socket = dgram.createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  socket.bind({ port: 0, address: host, exclusive: true });
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
