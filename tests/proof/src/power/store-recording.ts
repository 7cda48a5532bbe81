import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DATABASE, type Recording } from './cut-recording.js';
import type { PromiseMade } from './promises.js';
import { RecordedFolder } from './recorded-process.js';
import type { Image } from './simulated-disk.js';
import { nameOfStored, RECEIVERS } from './store-workload.js';

const MAIN = fileURLToPath(new URL('./store-main.js', import.meta.url));
/** More than one recording uses of a pair. */
const NUMBERS_PER_RECORDING = 10_000_000;

interface StoreRecordingOptions {
  readonly place: string;
  readonly library: string;
  readonly seed: number;
  readonly durationMs: number;
  /** How many recordings came before on this disk. */
  readonly generation: number;
  readonly image: Image;
  readonly made: readonly PromiseMade[];
  readonly nodeFlags: readonly string[];
}

/** Records a process that uses nothing but the store, on what an earlier power cut has left. */
export async function recordStore(options: StoreRecordingOptions): Promise<Recording> {
  const { place, library, seed, durationMs, generation, image, nodeFlags } = options;
  const folder = new RecordedFolder(place, library, image);
  const promises = join(place, 'promises.json');
  const first = generation * NUMBERS_PER_RECORDING;
  const values = [join(folder.path, DATABASE), promises, seed, first, durationMs].map(String);
  const child = spawn(process.execPath, [...nodeFlags, MAIN, ...values], {
    env: { ...process.env, ...folder.environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the recorded process ended with ${code}`);
  const made = JSON.parse(readFileSync(promises, 'utf8')) as PromiseMade[];
  return { folder, made: [...options.made, ...made], userIds: RECEIVERS, nameOf: nameOfStored };
}
