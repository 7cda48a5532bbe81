import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DATABASE, type Recording } from './cut-recording.js';
import type { Guarantee } from './guarantees.js';
import { RecordedFolder } from './recorded-process.js';
import type { Image } from './simulated-disk.js';
import { nameOfStored, RECEIVERS } from './store-workload.js';

const MAIN = fileURLToPath(new URL('./store-main.js', import.meta.url));
/** More numbers than a recording uses for a pair. */
const NUMBERS_PER_RECORDING = 10_000_000;

interface StoreRecordingOptions {
  readonly place: string;
  readonly library: string;
  readonly seed: number;
  readonly durationMs: number;
  /** How many recordings were made on this disk before. */
  readonly generation: number;
  readonly image: Image;
  readonly given: readonly Guarantee[];
  readonly nodeFlags: readonly string[];
}

/** Records a process that uses the store, on a disk after an earlier power cut. */
export async function recordStore(options: StoreRecordingOptions): Promise<Recording> {
  const { place, library, seed, durationMs, generation, image, nodeFlags } = options;
  const folder = new RecordedFolder(place, library, image);
  const guarantees = join(place, 'guarantees.json');
  const first = generation * NUMBERS_PER_RECORDING;
  const values = [join(folder.path, DATABASE), guarantees, seed, first, durationMs].map(String);
  const child = spawn(process.execPath, [...nodeFlags, MAIN, ...values], {
    env: { ...process.env, ...folder.environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the recorded process ended with ${code}`);
  const given = JSON.parse(readFileSync(guarantees, 'utf8')) as Guarantee[];
  return { folder, given: [...options.given, ...given], userIds: RECEIVERS, nameOf: nameOfStored };
}
