/**
 * A server listens on a Unix socket beside TCP, and a user of one sends to a user of the other. The seam is the port
 * `ServerTransport`, implemented with `@imcore/server/transport-kit`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { createClient } from '@imcore/client/node';
import { acknowledgementPacket, decodePacket, encodePacket, loginPacket } from '@imcore/protocol';
import { createServer, type ServerTransport, tcp } from '@imcore/server';
import { listen, StreamConnections, TcpFrameReader } from '@imcore/server/transport-kit';
import { expect, it } from 'vitest';

function unix(path: string, maxSendBytes = 6144): ServerTransport {
  const connections = new StreamConnections(maxSendBytes);
  const server = net.createServer();
  return {
    transport: 'unix',
    readTimeoutMs: 60_000,
    maxSendBytes,
    async listen(host) {
      server.on('connection', (socket) => connections.accept(socket, host, this));
      return { transport: 'unix', host: path, port: await listen(server, { path }) };
    },
    stopAccepting: () => void server.close(),
    close: () => connections.close(server),
  };
}

it('takes users over a Unix socket', async () => {
  const folder = mkdtempSync(`${tmpdir()}/imcore-`);
  const path = `${folder}/im.sock`;
  const server = createServer({ transports: [tcp({ host: '127.0.0.1', port: 0 }), unix(path)] });
  const [address] = await server.listen();
  const bob = net.connect(path);
  const write = (packet: string) => {
    const frame = Buffer.from(`\0\0\0\0${packet}`);
    frame.writeUInt32BE(frame.length - 4);
    bob.write(frame);
  };
  const received: object[] = [];
  const frames = new TcpFrameReader<Buffer>(6144, Buffer.alloc);
  const read = (bytes: Buffer, start: number, end: number) => {
    const packet = decodePacket(bytes.toString('utf8', start, end));
    if (packet.QoS) write(encodePacket(acknowledgementPacket(packet)));
    return received.push(packet) > 0;
  };
  bob.on('data', (chunk) => frames.push(chunk, read));
  write(encodePacket(loginPacket({ userId: 'bob', token: undefined, extra: undefined, firstLoginTime: 0 })));
  await new Promise((resolve) => server.on('online', resolve));
  const alice = createClient({ url: `tcp://127.0.0.1:${address?.port}` });
  await alice.login({ userId: 'alice' });
  await alice.send({ to: 'bob', content: 'hello' });
  expect(received).toMatchObject([{ type: 50 }, { type: 2, from: 'alice', dataContent: 'hello' }]);
  expect(server.sessions('bob')).toMatchObject([{ transport: 'unix' }]);
  const sample = { name: 'sessionsOpen', labels: { transport: 'unix' }, value: 1 };
  expect(server.metricSamples()).toContainEqual(sample);
  await Promise.all([alice.close(), server.close()]);
  rmSync(folder, { recursive: true });
});
