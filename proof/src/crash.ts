import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Ledger } from './ledger.js';
import { ServerProcess } from './server-process.js';
import { pause, Traffic } from './traffic.js';

/**
 * The kill -9 proof: a real server is killed at random instants while real clients on all transports send at full
 * speed. Ends with a line that counts what was acknowledged, and what of it is missing, came twice or out of order;
 * exit code 0 only when the last three are 0 and something was acknowledged at all.
 *
 * `npm run proof:crash -- --kills 25 [--early]`; exit code 2 when the command line cannot be read.
 */
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '25' }, early: { type: 'boolean', default: false } },
});
const kills = parseKills(values.kills);
const folder = mkdtempSync(join(tmpdir(), 'imcore-proof-'));
const server = new ServerProcess(join(folder, 'messages.db'), values.early ? ['--early'] : []);
const ledger = new Ledger();
const startedAt = performance.now();

await server.start();
const traffic = new Traffic(server.ports, ledger);
await traffic.start();
for (let kill = 1; kill <= kills; kill++) {
  await pause(150 + Math.random() * 650);
  await server.kill();
  await pause(Math.random() * 200);
  await server.start();
  report(`${kill} of ${kills} kills`);
}
await traffic.stop();
await settle();
const { acknowledged, missing, handedTwice, outOfOrder } = ledger.verdict();
await traffic.close();
await server.kill();
rmSync(folder, { recursive: true, force: true });
if (process.stderr.isTTY) process.stderr.write('\n');
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  `${kills} kills in ${seconds} s, ${acknowledged} acknowledged, ${missing} missing, ${handedTwice} handed twice, ${outOfOrder} out of order`,
);
process.exit(acknowledged > 0 && missing + handedTwice + outOfOrder === 0 ? 0 : 1);

function parseKills(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  process.stderr.write(`--kills is ${JSON.stringify(text)}, allowed are whole numbers from 1\n`);
  process.exit(2);
}

/** Waits until all that was acknowledged is handed, as long as anything still comes. */
async function settle(): Promise<void> {
  let lastHanded = -1;
  let quietMs = 0;
  while (ledger.open().size > 0 && quietMs < 15_000) {
    const { handed } = ledger.verdict();
    quietMs = handed === lastHanded ? quietMs + 200 : 0;
    lastHanded = handed;
    await pause(200);
  }
}

function report(text: string): void {
  if (!process.stderr.isTTY) return;
  const { acknowledged: soFar } = ledger.verdict();
  process.stderr.write(`\r${text}, ${soFar} acknowledged  `);
}
