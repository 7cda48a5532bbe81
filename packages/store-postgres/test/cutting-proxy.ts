import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** The server executes the next append; its response is lost with the connection. */
  cutAfterNextAppend(): void;
  /** From now on drops all data in both directions without closing the connections. */
  blackHole(): void;
  /** Ends {@link blackHole}. Bytes that were dropped stay lost. */
  heal(): void;
  close(): Promise<void>;
}

/** Prefix of the names of append statements. */
const APPEND = 'imcore_append_';

/** A proxy between a store and the PostgreSQL server that simulates network failures. `ownPort` 0: any free port. */
export async function startCuttingProxy(serverPort: number, ownPort = 0): Promise<CuttingProxy> {
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
  proxy.listen(ownPort, '127.0.0.1');
  await once(proxy, 'listening');
  let isClosed = false;
  return {
    port: (proxy.address() as AddressInfo).port,
    cutAfterNextAppend: () => {
      cutsAtAppend = true;
    },
    blackHole: () => {
      isSilent = true;
    },
    heal: () => {
      isSilent = false;
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
