import { fingerprintOf, SENDER, typeOf } from './numbered-messages.js';
import { RawClient } from './raw-client.js';

/**
 * The user who comes back: `node receiver-main.js PORT USER COUNT`. Logs in as an original client does, and prints as
 * JSON what came, until all is there or nothing has come for a while.
 */
const [port = '0', userId = '', count = '0'] = process.argv.slice(2);

/** Longer than a copy takes to be written again, in milliseconds. */
const QUIET_MS = 12_000;

/** What still comes when all is there would be a copy: so long is waited for one, in milliseconds. */
const AFTERMATH_MS = 300;

/** What the parent reads. */
export interface Received {
  readonly handed: number;
  readonly copies: number;
  readonly outOfOrder: number;
  /** Whose fingerprint, sender or type is not what it was sent with. */
  readonly altered: number;
  /** From the login's first byte to the last message, in milliseconds. */
  readonly tookMs: number;
}

const seen = new Set<number>();
let [copies, outOfOrder, altered, highest, lastAt] = [0, 0, 0, -1, 0];
const startedAt = performance.now();
const client = await RawClient.connect(Number(port), userId, (message) => {
  const number = Number(message.dataContent?.split(' ')[0]);
  lastAt = performance.now();
  const { from, fp, typeu } = message;
  if (from !== SENDER || fp !== fingerprintOf(number) || typeu !== typeOf(number)) altered += 1;
  if (seen.has(number)) copies += 1;
  else if (number < highest) outOfOrder += 1;
  seen.add(number);
  highest = Math.max(highest, number);
});
await client.login();
lastAt = performance.now();
while (seen.size < Number(count) && performance.now() - lastAt < QUIET_MS) await pause(5);
const tookMs = lastAt - startedAt;
await pause(AFTERMATH_MS);
client.close();
const received: Received = { handed: seen.size, copies, outOfOrder, altered, tookMs };
process.stdout.write(`${JSON.stringify(received)}\n`);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
