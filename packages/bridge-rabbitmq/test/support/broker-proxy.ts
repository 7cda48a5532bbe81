import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a bridge and the broker, and breaks what a network breaks. */
export interface BrokerProxy {
  readonly port: number;
  /** Breaks all links and takes no new ones, as a broker that is stopped. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** From now on nothing that the broker says arrives; what is sent to it does. */
  muteBroker(): void;
  close(): Promise<void>;
}

export async function startProxy(broker: {
  readonly host: string;
  readonly port: number;
}): Promise<BrokerProxy> {
  const sockets = new Set<Socket>();
  let isMute = false;
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
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => {
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
    close: stop,
  };
}
