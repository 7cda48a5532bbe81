import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SeededRandom } from '@imcore/testkit';
import { type Aftermath, cutRecording, EMPTY_TALLY, isBroken, sum } from './power/cut-recording.js';
import { buildRecorder, whyNoRecorder } from './power/recorded-process.js';
import { recordServer } from './power/server-recording.js';
import { recordStore } from './power/store-recording.js';

/**
 * The power-loss proof: records every change on disk by the store, and by the real server with it. Then it simulates
 * power cuts at random instants of the recording, after which a random part of the unsynced changes survives. The last
 * line counts acknowledged messages, and those that are missing on any of these disks. The exit code is 0 only when all
 * disks are correct.
 *
 * `npm run proof:power -- --cuts 200 [--seed N] [--synchronous normal|off] [--early]`; the last two acknowledge too early
 * on purpose. Exit code 2 for an invalid command line, 3 when this machine cannot record (it needs gcc and Linux).
 */
const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    synchronous: { type: 'string' },
    early: { type: 'boolean', default: false },
  },
});
const cuts = parseWhole('cuts', values.cuts, 4);
const seed = parseWhole('seed', values.seed, 0);
const nodeFlags = weakeningFlags(values.synchronous);
const obstacle = whyNoRecorder();
if (obstacle !== undefined) {
  process.stderr.write(`SKIPPED: ${obstacle}\n`);
  process.exit(3);
}

/** Recordings of the store, each on the disk after the last cut of the one before. The last recording is the server's. */
const GENERATIONS = 3;
const RECORDING_MS = 1500;
const SERVER_RECORDING_MS = 3000;
const startedAt = performance.now();
const random = new SeededRandom(seed);
const scratch = mkdtempSync(join(tmpdir(), 'imcore-power-'));
let tally = EMPTY_TALLY;
try {
  const library = buildRecorder(scratch);
  const share = Math.floor(cuts / (GENERATIONS + 1));
  let before: Pick<Aftermath, 'image' | 'given'> = { image: new Map(), given: [] };
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const place = join(scratch, `store-${generation}`);
    const own = { seed: seed + generation, durationMs: RECORDING_MS, generation };
    const recording = await recordStore({ place, library, nodeFlags, ...own, ...before });
    const after = await cutRecording(recording, share, random.fork(place), scratch);
    tally = sum(tally, after.tally);
    before = after;
    rmSync(place, { recursive: true });
    // The next recording needs a correct disk.
    if (isBroken(tally)) break;
  }
  const place = join(scratch, 'server');
  const serverFlags = values.early ? ['--early'] : [];
  const recording = await recordServer({
    place,
    library,
    durationMs: SERVER_RECORDING_MS,
    serverFlags,
    nodeFlags,
  });
  const rest = cuts - share * GENERATIONS;
  tally = sum(tally, (await cutRecording(recording, rest, random.fork(place), scratch)).tally);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const { acknowledged, missing, missingAtDevices, reappeared, damaged, outOfOrder, unreadable, inCheckpoint } =
  tally;
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  `${tally.cuts} power cuts in ${seconds} s (seed ${seed}, ${inCheckpoint} within a checkpoint), ${acknowledged} acknowledged, ${missing} missing (${missingAtDevices} at devices), ${reappeared} reappeared, ${damaged} damaged, ${outOfOrder} out of order, ${unreadable} disks unreadable`,
);
process.exit(acknowledged > 0 && !isBroken(tally) ? 0 : 1);

function weakeningFlags(level: string | undefined): readonly string[] {
  if (level === undefined) return [];
  if (level !== 'normal' && level !== 'off') {
    return fail(`--synchronous must be normal or off, got ${JSON.stringify(level)}`);
  }
  process.env['IMCORE_SYNCHRONOUS'] = level.toUpperCase();
  return ['--import', fileURLToPath(new URL('./power/weakened-sqlite.js', import.meta.url))];
}

function parseWhole(name: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  return fail(`--${name} must be a whole number from ${least}, got ${JSON.stringify(text)}`);
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(2);
}
