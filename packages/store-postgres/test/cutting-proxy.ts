import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** The next append reaches the server and is done; its answer is lost with the connection. */
  cutAfterNextAppend(): void;
  /** From now on nothing passes in either direction, and nobody is told. */
  fallSilent(): void;
  close(): Promise<void>;
}

/** How the statements begin that are a transaction of their own. */
const APPEND = 'imcore_append_';

/** Stands between a store and the PostgreSQL server, and breaks what a network breaks. */
export async function startCuttingProxy(serverPort: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let cutsAtAppend = false;
  let isSilent = false;
  const proxy = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    let isAppending = false;
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
    near.on('data', (chunk) => {
      if (isSilent) return;
      if (cutsAtAppend && chunk.includes(APPEND)) {
        cutsAtAppend = false;
        isAppending = true;
      }
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (isSilent) return;
      if (isAppending) near.destroy();
      else near.write(chunk);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    cutAfterNextAppend: () => {
      cutsAtAppend = true;
    },
    fallSilent: () => {
      isSilent = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
