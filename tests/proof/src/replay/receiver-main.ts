import { fingerprintOf, SENDER, typeOf } from './numbered-messages.js';
import { RawClient } from './raw-client.js';

/**
 * The receiver of the replay: `node receiver-main.js PORT USER COUNT`. Logs in as an original client does, receives until
 * all messages are there or none has arrived for a while, and prints the result as JSON.
 */
const [port = '0', userId = '', count = '0'] = process.argv.slice(2);

/** How long it waits for a further message: longer than a retry takes, in milliseconds. */
const QUIET_MS = 12_000;

/** How long it waits for duplicates when all messages are there, in milliseconds. */
const AFTERMATH_MS = 300;

/** The result, for the parent process. */
export interface Received {
  /** Messages without duplicates. */
  readonly distinct: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  /** Messages with another fingerprint, sender or type than they were sent with. */
  readonly altered: number;
  /** From the login's first byte to the last message, in milliseconds. */
  readonly tookMs: number;
}

const seen = new Set<number>();
let [duplicated, outOfOrder, altered, highest, lastAt] = [0, 0, 0, -1, 0];
const startedAt = performance.now();
const client = await RawClient.connect(Number(port), userId, (message) => {
  const number = Number(message.dataContent?.split(' ')[0]);
  lastAt = performance.now();
  const { from, fp, typeu } = message;
  if (from !== SENDER || fp !== fingerprintOf(number) || typeu !== typeOf(number)) altered += 1;
  if (seen.has(number)) duplicated += 1;
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
const received: Received = { distinct: seen.size, duplicated, outOfOrder, altered, tookMs };
process.stdout.write(`${JSON.stringify(received)}\n`);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
