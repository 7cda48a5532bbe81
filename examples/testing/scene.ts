import { createServer, type ImServer, tcp, websocket } from '@imcore/server';

/** A server on free ports, for one test. */
export async function startServer(): Promise<{ server: ImServer; tcpUrl: string; webSocketUrl: string }> {
  const server = createServer({
    transports: [tcp({ host: '127.0.0.1', port: 0 }), websocket({ host: '127.0.0.1', port: 0 })],
  });
  const addresses = await server.listen();
  const portOf = (transport: string): number | undefined =>
    addresses.find((address) => address.transport === transport)?.port;
  return {
    server,
    tcpUrl: `tcp://127.0.0.1:${portOf('tcp')}`,
    webSocketUrl: `ws://127.0.0.1:${portOf('websocket')}/websocket`,
  };
}

/** Waits until the condition holds. The test's own time-out ends a wait that is in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
