import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killClients } from './client-kills.js';
import { killServers } from './server-kills.js';

/**
 * The kill -9 proof: a real server is killed at random instants while real clients on all transports send at full
 * speed; with `--clients` the senders are processes with an outbox in files, and are killed too. Ends with a line that
 * counts what was promised to senders, and what of it is missing, came twice or out of order; exit code 0 only when
 * the last three are 0 and something was promised at all.
 *
 * `npm run proof:crash -- --kills 25 [--clients] [--early]`; exit code 2 when the command line cannot be read.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '25' },
    clients: { type: 'boolean', default: false },
    early: { type: 'boolean', default: false },
  },
});
const kills = parseKills(values.kills);
const folder = mkdtempSync(join(tmpdir(), 'imcore-proof-'));
const startedAt = performance.now();
const run = values.clients ? killClients : killServers;
const outcome = await run({ folder, kills, flags: values.early ? ['--early'] : [] });
rmSync(folder, { recursive: true, force: true });
if (process.stderr.isTTY) process.stderr.write('\n');
const { acknowledged, missing, handedTwice, outOfOrder } = outcome.verdict;
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  `${outcome.kills} in ${seconds} s, ${acknowledged} ${outcome.promised}, ${missing} missing, ${handedTwice} handed twice, ${outOfOrder} out of order`,
);
process.exit(acknowledged > 0 && missing + handedTwice + outOfOrder === 0 ? 0 : 1);

function parseKills(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  process.stderr.write(`--kills is ${JSON.stringify(text)}, allowed are whole numbers from 1\n`);
  process.exit(2);
}
