import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killClients } from './client-kills.js';
import type { DeviceVerdict } from './devices/device-ledger.js';
import { killServers } from './server-kills.js';
import { killWorkers } from './worker-kills.js';

/**
 * The crash proof: kills a real server with `kill -9` at random instants while real clients on all transports send at
 * full speed. With `--clients` the senders are processes with an outbox in files, and are killed too, as are
 * devices of the receivers. With `--workers` the sockets
 * of the server are in four worker processes, and those are killed instead of it. The last line counts acknowledged or accepted
 * messages, and those that are missing, duplicated or out of order. The exit code is 0 only when the last three are 0 and any
 * message was acknowledged.
 *
 * `npm run proof:crash -- --kills 25 [--clients | --workers] [--early]`; exit code 2 for an invalid command line.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '25' },
    clients: { type: 'boolean', default: false },
    workers: { type: 'boolean', default: false },
    early: { type: 'boolean', default: false },
    hide: { type: 'boolean', default: false },
    forget: { type: 'boolean', default: false },
    late: { type: 'boolean', default: false },
  },
});
const kills = parseKills(values.kills);
if (values.clients && values.workers) refuse('--clients and --workers cannot be used together');
const folder = mkdtempSync(join(tmpdir(), 'imcore-proof-'));
const startedAt = performance.now();
const run = values.clients ? killClients : values.workers ? killWorkers : killServers;
const faults = (['early', 'hide', 'forget', 'late'] as const).filter((fault) => values[fault]);
const outcome = await run({ folder, kills, flags: faults.map((fault) => `--${fault}`) });
rmSync(folder, { recursive: true, force: true });
if (process.stderr.isTTY) process.stderr.write('\n');
const { acknowledged, missing, duplicated, outOfOrder } = outcome.verdict;
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
const { devices } = outcome;
console.log(
  `${outcome.kills} in ${seconds} s, ${acknowledged} ${outcome.counted}, ${missing} missing, ${duplicated} duplicated, ${outOfOrder} out of order${devices === undefined ? '' : `; ${textOf(devices)}`}`,
);
const isRight = acknowledged > 0 && missing + duplicated + outOfOrder === 0;
process.exit(isRight && (devices === undefined || isRightFor(devices)) ? 0 : 1);

function textOf({ expected, missing, duplicated, outOfOrder, gaps }: DeviceVerdict): string {
  return `devices: ${expected} to deliver, ${missing} missing, ${duplicated} duplicated, ${outOfOrder} out of order, ${gaps} in gaps`;
}

function isRightFor({ expected, missing, duplicated, outOfOrder, gaps }: DeviceVerdict): boolean {
  return expected > 0 && missing + duplicated + outOfOrder + gaps === 0;
}

function parseKills(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  return refuse(`--kills must be a whole number from 1, got ${JSON.stringify(text)}`);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}
