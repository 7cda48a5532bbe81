import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TCP_HEADER_BYTES, TcpFrameReader, writeTcpHeader } from '@imcore/protocol';
import { memoryOutbox } from '@imcore/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient, type ImClient, silentLogger, type Transport, tcp, udp } from '../../src/node/index.js';
import { outboxOn } from '../../src/outbox/index.js';
import { entry, loginAnswer } from './log-machine.js';

const HOST = '127.0.0.1';
const KEY = 'Zk3vQ0x-9aB';
const DEADLINE_MS = 10_000;

interface WirePacket {
  readonly type: number;
  readonly x?: { readonly s?: number; readonly after?: number; readonly a?: string };
}

/** A server that answers logins, and writes what the test says. */
interface ScriptedServer {
  readonly transport: Transport;
  /** All packets of the client, in order. */
  readonly received: WirePacket[];
  /** Writes frames, together. */
  write(...frames: string[]): void;
  close(): void;
}

async function scriptedTcp(answer: string): Promise<ScriptedServer> {
  const received: WirePacket[] = [];
  let client: Socket | undefined;
  const write = (...frames: string[]): void => void client?.write(Buffer.concat(frames.map(framed)));
  const server = createServer((socket) => {
    client = socket;
    const reader = new TcpFrameReader<Buffer>(65_536, Buffer.alloc);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) =>
      reader.push(chunk, (bytes, start, end) => {
        received.push(JSON.parse(bytes.toString('utf8', start, end)) as WirePacket);
        if (received.at(-1)?.type === 0) write(answer);
        return true;
      }),
    );
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const transport = tcp({ host: HOST, port: (server.address() as AddressInfo).port });
  const close = (): void => {
    client?.destroy();
    server.close();
  };
  return { transport, received, write, close };
}

async function scriptedUdp(answer: string): Promise<ScriptedServer> {
  const received: WirePacket[] = [];
  const socket = createSocket('udp4');
  let port = 0;
  const write = (...frames: string[]): void => {
    for (const frame of frames) socket.send(frame, port, HOST);
  };
  socket.on('message', (datagram, sender) => {
    port = sender.port;
    received.push(JSON.parse(datagram.toString()) as WirePacket);
    if (received.at(-1)?.type === 0) write(answer);
  });
  socket.bind(0, HOST);
  await once(socket, 'listening');
  const transport = udp({ host: HOST, port: socket.address().port });
  return { transport, received, write, close: () => socket.close() };
}

function framed(text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(TCP_HEADER_BYTES);
  writeTcpHeader(header, 0, body.length);
  return Buffer.concat([header, body]);
}

/** Waits until something is so. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.each([
  ['tcp', scriptedTcp, undefined],
  ['udp', scriptedUdp, KEY],
] as const)('a client with a log over %s', (_, scripted, key) => {
  let client: ImClient | undefined;
  let server: ScriptedServer | undefined;

  afterEach(async () => {
    await client?.close();
    server?.close();
  });

  const online = async (answer: string) => {
    const scriptedServer = await scripted(answer);
    server = scriptedServer;
    client = createClient({
      transport: scriptedServer.transport,
      outbox: outboxOn(memoryOutbox()),
      logger: silentLogger,
    });
    const contents: string[] = [];
    client.on('message', ({ content }) => contents.push(content));
    await client.login({ userId: 'alice' });
    return { server: scriptedServer, client, contents };
  };
  const positions = ({ received }: ScriptedServer) =>
    received.flatMap(({ type, x }) => (type === 1000 ? [Number(x?.s)] : []));
  const syncs = ({ received }: ScriptedServer) =>
    received.flatMap(({ type, x }) => (type === 1001 ? [Number(x?.after)] : []));

  it('passes entries on in order, each once, through loss, reordering and repetition', async () => {
    const { server, contents } = await online(loginAnswer({ window: 16 }, key));
    // 2 is lost, 4 comes before 3.
    server.write(entry(1), entry(1), entry(4), entry(3));
    await until('a sync after 1', () => syncs(server).includes(1));
    expect(contents).toEqual(['m1']);
    server.write(entry(2), entry(3), entry(4), entry(3), entry(2), entry(5));
    await until('five messages', () => contents.length === 5);
    await until('position 5', () => positions(server).includes(5));
    // What comes again is acknowledged again, and not passed on again.
    const before = positions(server).length;
    server.write(entry(4), entry(5));
    await until('position 5 again', () => positions(server).slice(before).includes(5));
    expect(contents).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    const acknowledged = positions(server);
    expect(acknowledged).toEqual([...acknowledged].sort((one, other) => one - other));
    expect(server.received.filter(({ type }) => type === 4)).toEqual([]);
    const withoutKey = server.received.filter(({ type, x }) => type !== 0 && x?.a !== key);
    expect(withoutKey).toEqual([]);
  });

  it('sends nothing of the extension if the answer has no x, whatever the server sends', async () => {
    const answer = JSON.parse(loginAnswer()) as object;
    const { server, client, contents } = await online(
      JSON.stringify({ ...answer, dataContent: '{"code":0,"firstLoginTime":1}' }),
    );
    expect(client.level).toBe('v6');
    server.write(entry(7), entry(9));
    await until('both messages', () => contents.length === 2);
    void client.send({ to: 'bob', content: 'hello' }).catch(() => {});
    const count = (type: number) => server.received.filter((packet) => packet.type === type).length;
    await until('a message and two acknowledgements', () => count(2) >= 1 && count(4) >= 2);
    expect(server.received.filter(({ type, x }) => type >= 1000 || x !== undefined)).toEqual([]);
  });
});
