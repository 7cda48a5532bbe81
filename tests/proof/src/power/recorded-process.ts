import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DiskEvent, readRecording } from './disk-recording.js';
import { type Image, SimulatedDisk } from './simulated-disk.js';

const SOURCE = fileURLToPath(new URL('../../recorder/disk-recorder.c', import.meta.url));

/** Why the recorder cannot be built here, or undefined where it can. */
export function whyNoRecorder(): string | undefined {
  if (process.platform !== 'linux') return `LD_PRELOAD is needed, and this is ${process.platform}`;
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'gcc is not installed';
  }
}

/** Builds the recorder into a folder; gives its file. */
export function buildRecorder(folder: string): string {
  const library = join(folder, 'disk-recorder.so');
  execFileSync('gcc', [
    '-shared',
    '-fPIC',
    '-O2',
    '-Wall',
    '-Wextra',
    '-o',
    library,
    SOURCE,
    '-ldl',
    '-lpthread',
  ]);
  return library;
}

/** A folder whose files are recorded while a process works on them, from a known beginning. */
export class RecordedFolder {
  readonly path: string;
  readonly #recording: string;
  readonly #library: string;
  readonly #initial: Image;

  /** Makes `place`, with the files of `initial` in the folder. */
  constructor(place: string, library: string, initial: Image) {
    this.path = join(place, 'recorded');
    this.#recording = join(place, 'recording');
    this.#library = library;
    this.#initial = initial;
    mkdirSync(place, { recursive: true });
    writeImage(this.path, initial);
    writeFileSync(this.#recording, '');
  }

  /** What a process needs in its environment to be recorded. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: this.#library,
      IMCORE_RECORDED_FOLDER: this.path,
      IMCORE_RECORDING: this.#recording,
    };
  }

  /** A disk in the state of the beginning. */
  newDisk(): SimulatedDisk {
    return new SimulatedDisk(this.#initial);
  }

  /**
   * What happened, once the process has ended.
   *
   * @throws Error when the recording does not lead to the files as they are: then something was not recorded.
   */
  events(): readonly DiskEvent[] {
    const events = readRecording(readFileSync(this.#recording));
    const real = readImage(this.path);
    // A killed process may have recorded a last write that it did not do.
    for (const count of [events.length, events.length - 1]) {
      const disk = this.newDisk();
      for (const event of events.slice(0, count)) disk.apply(event);
      if (areEqual(disk.imageNow(), real)) return events.slice(0, count);
    }
    throw new Error(`the recording of ${events.length} events does not lead to the files in ${this.path}`);
  }
}

export function writeImage(folder: string, image: Image): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of image) writeFileSync(join(folder, name), bytes);
}

/** Reads all but the shared memory, which nobody reads again after a power cut. */
function readImage(folder: string): Image {
  const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

function areEqual(left: Image, right: Image): boolean {
  if (left.size !== right.size) return false;
  return [...left].every(([name, bytes]) => right.get(name)?.equals(bytes) === true);
}
