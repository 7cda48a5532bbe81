/**
 * Collects all garbage there is, and has V8 give free memory back to the system, the young generation's above all.
 *
 * The process stands still meanwhile, for two full collections one after the other. The inspector's command is the one way
 * to it that Node documents and that needs no flag.
 *
 * @throws Error where there is no inspector: in a Node that was built without one, or where it is forbidden.
 */
export async function collectGarbage(): Promise<void> {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  try {
    await new Promise<void>((resolve, reject) => {
      session.post('HeapProfiler.collectGarbage', (error) => (error === null ? resolve() : reject(error)));
    });
    // A session that is ended from within its own answer stops the process for ever: the answer is left well behind.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    session.disconnect();
  }
}
