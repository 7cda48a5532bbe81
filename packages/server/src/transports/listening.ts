import type net from 'node:net';

/** Starts a server. Resolves with its port; rejects if it cannot listen. */
export function listen(server: net.Server, options: net.ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.removeListener('error', reject);
      resolve(portOf(server));
    });
  });
}

/** Closes a server. Resolves when it has closed; at once if it was not listening. */
export function stop(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Returns the port that a server listens on; 0 if it is not listening. */
export function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
