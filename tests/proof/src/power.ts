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
 * The power-loss proof: the store, and the real server with it, work on a disk whose every change is recorded; then
 * the power is cut at random instants of the recording, and of what was not synced only what chance wills survives.
 * Ends with a line that counts what was acknowledged, and what of it is missing on any of these disks; exit code 0
 * only when nothing is wrong.
 *
 * `npm run proof:power -- --cuts 200 [--seed N] [--synchronous normal|off] [--early]`; the last two break the promise
 * on purpose. Exit code 2 when the command line cannot be read, 3 when this machine cannot record (gcc, Linux).
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
  process.stderr.write(`SKIPPED: no power was cut: ${obstacle}\n`);
  process.exit(3);
}

/** Recordings of the store, each on what the power cut before it has left; the last share of the cuts is the server's. */
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
  let before: Pick<Aftermath, 'image' | 'made'> = { image: new Map(), made: [] };
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const place = join(scratch, `store-${generation}`);
    const own = { seed: seed + generation, durationMs: RECORDING_MS, generation };
    const recording = await recordStore({ place, library, nodeFlags, ...own, ...before });
    const after = await cutRecording(recording, share, random.fork(place), scratch);
    tally = sum(tally, after.tally);
    before = after;
    rmSync(place, { recursive: true });
    // Nothing can be built on a broken disk.
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
const { acknowledged, missing, cameBack, damaged, outOfOrder, unreadable, inCheckpoint } = tally;
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  `${tally.cuts} power cuts in ${seconds} s (seed ${seed}, ${inCheckpoint} within a checkpoint), ${acknowledged} acknowledged, ${missing} missing, ${cameBack} came back, ${damaged} damaged, ${outOfOrder} out of order, ${unreadable} disks unreadable`,
);
process.exit(acknowledged > 0 && !isBroken(tally) ? 0 : 1);

function weakeningFlags(level: string | undefined): readonly string[] {
  if (level === undefined) return [];
  if (level !== 'normal' && level !== 'off') {
    return refuse(`--synchronous is ${JSON.stringify(level)}, allowed are normal and off`);
  }
  process.env['IMCORE_SYNCHRONOUS'] = level.toUpperCase();
  return ['--import', fileURLToPath(new URL('./power/weakened-sqlite.js', import.meta.url))];
}

function parseWhole(name: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  return refuse(`--${name} is ${JSON.stringify(text)}, allowed are whole numbers from ${least}`);
}

function refuse(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(2);
}
