import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a bridge and the broker, and breaks what a network breaks. */
interface BrokerProxy {
  readonly port: number;
  /** Breaks all links and takes no new ones, as a broker that is stopped. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** From now on nothing that the broker says arrives; what is sent to it does. */
  muteBroker(): void;
  /** Allows frames of so many bytes on the next links, as a broker that is set so. */
  limitFrames(bytes: number): void;
  /** Says that publishers are blocked, as a broker does that runs out of memory, and takes nothing more. */
  block(): void;
  /** Says that they are not any longer, and takes what was sent meanwhile. */
  unblock(): void;
  close(): Promise<void>;
}

/** A frame of the broker on channel 0: `connection.blocked` with its reason, or `connection.unblocked`. */
function blockedFrame(reason?: string): Buffer {
  const argument = reason === undefined ? [] : [reason.length, ...Buffer.from(reason)];
  const payload = [0, 10, 0, reason === undefined ? 61 : 60, ...argument];
  return Buffer.from([1, 0, 0, 0, 0, 0, payload.length, ...payload, 0xce]);
}

/** Changes the longest frame that the broker proposes, where a chunk holds its `connection.tune`. */
function writeLimit(chunk: Buffer, bytes: number): void {
  const method = chunk.indexOf(Buffer.from([0, 10, 0, 30]));
  if (method === 7 && chunk[0] === 1) chunk.writeUInt32BE(bytes, method + 6);
}

export async function startProxy(broker: {
  readonly host: string;
  readonly port: number;
}): Promise<BrokerProxy> {
  const sockets = new Set<Socket>();
  const bridgeSides = new Set<Socket>();
  let isMute = false;
  let maxFrameBytes: number | undefined;
  const accept = (near: Socket): void => {
    const far = connect(broker.port, broker.host);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    bridgeSides.add(near);
    near.on('close', () => bridgeSides.delete(near));
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => {
      if (maxFrameBytes !== undefined) writeLimit(chunk, maxFrameBytes);
      if (!isMute) near.write(chunk);
    });
  };
  let server: Server | undefined;
  let port = 0;
  const start = async (): Promise<void> => {
    isMute = false;
    server = createServer(accept);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server = undefined;
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await start();
  return {
    get port() {
      return port;
    },
    stop,
    start,
    muteBroker: () => {
      isMute = true;
    },
    limitFrames: (bytes) => {
      maxFrameBytes = bytes;
    },
    block: () => {
      for (const near of bridgeSides) {
        near.pause();
        near.write(blockedFrame('low on memory'));
      }
    },
    unblock: () => {
      for (const near of bridgeSides) {
        near.write(blockedFrame());
        near.resume();
      }
    },
    close: stop,
  };
}
