/**
 * Runs a full garbage collection and makes V8 return free memory to the operating system, above all that of the young
 * generation.
 *
 * Blocks the process for the time of two full collections. The inspector's command is the only documented way that needs
 * no flag.
 *
 * @throws Error when Node was built without an inspector, or the permission model forbids it.
 */
export async function collectGarbage(): Promise<void> {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  try {
    await new Promise<void>((resolve, reject) => {
      session.post('HeapProfiler.collectGarbage', (error) => (error === null ? resolve() : reject(error)));
    });
    // Disconnecting inside the session's own callback hangs the process. Wait for the next turn.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    session.disconnect();
  }
}
