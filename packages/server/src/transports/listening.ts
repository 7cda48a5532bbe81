import type net from 'node:net';

/** Resolves with the port once a server listens; rejects when it cannot. */
export function listen(server: net.Server, options: net.ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.removeListener('error', reject);
      resolve(portOf(server));
    });
  });
}

/** Resolves when a server has closed; at once when it never listened. */
export function stop(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** The port a server listens on, 0 where it does not. */
export function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
