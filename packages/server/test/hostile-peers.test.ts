import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createServer, type ImServer, silentLogger, udp, websocket } from '../src/index.js';
import { until } from './support/sockets.js';

const host = '127.0.0.1';
let server: ImServer | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close({ drainMs: 0 });
});

describe('a hostile peer', () => {
  it('cannot crash the server with a forged datagram from port 0', async () => {
    const created = vi.spyOn(dgram, 'createSocket');
    server = createServer({ transports: [udp({ host, port: 0 })], logger: silentLogger });
    await server.listen();
    const socket = created.mock.results[0]?.value as dgram.Socket;
    const echo = Buffer.from('{"type":5,"dataContent":"v","from":"me","to":"0"}');
    const forged = { address: host, family: 'IPv4', port: 0, size: echo.length };

    expect(() => socket.emit('message', echo, forged)).not.toThrow();
    expect(server.metrics()).toMatchObject({ sessionsAccepted: 0 });
  });

  it('cannot keep a connection half-open after a rejected handshake', async () => {
    server = createServer({ transports: [websocket({ host, port: 0 })], logger: silentLogger });
    const [address] = await server.listen();
    const socket = net.connect({ host, port: address?.port ?? 0, allowHalfOpen: true });
    socket.write(
      'GET /elsewhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('404');
    await once(socket, 'end');
    // A write to a connection that the other side has closed fails.
    socket.on('error', () => undefined);
    await until(() => {
      if (!socket.destroyed) socket.write('x');
      return socket.destroyed;
    });
  });
});
