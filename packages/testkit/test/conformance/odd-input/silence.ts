import type { Lab } from './lab.js';
import type { LabClient } from './lab-client.js';

/** When the server closes a silent connection, in virtual time. */
export async function endOfSilence(lab: Lab, client: LabClient): Promise<string> {
  await lab.pass(6900);
  if (client.isClosed) return 'closed within 6900 ms';
  await lab.pass(200);
  await lab.until(() => client.isClosed, 'the silent connection is closed');
  return 'closed after its read time-out';
}
