import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DiskEvent, readRecording } from './disk-recording.js';
import { type Image, SimulatedDisk } from './simulated-disk.js';

const SOURCE = fileURLToPath(new URL('../../recorder/disk-recorder.c', import.meta.url));

/** Why the recorder cannot be built here; `undefined` where it can. */
export function whyNoRecorder(): string | undefined {
  if (process.platform !== 'linux') return `LD_PRELOAD is not available on ${process.platform}`;
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'gcc is not installed';
  }
}

/** Builds the recorder into a folder. Returns its file. */
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

/** A folder with known files, in which the changes by a process are recorded. */
export class RecordedFolder {
  readonly path: string;
  readonly #recording: string;
  readonly #library: string;
  readonly #initial: Image;

  /** Creates `place`, with the files of `initial` in the folder. */
  constructor(place: string, library: string, initial: Image) {
    this.path = join(place, 'recorded');
    this.#recording = join(place, 'recording');
    this.#library = library;
    this.#initial = initial;
    mkdirSync(place, { recursive: true });
    writeImage(this.path, initial);
    writeFileSync(this.#recording, '');
  }

  /** The environment of a process to record. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: this.#library,
      IMCORE_RECORDED_FOLDER: this.path,
      IMCORE_RECORDING: this.#recording,
    };
  }

  /** A disk with the initial files. */
  newDisk(): SimulatedDisk {
    return new SimulatedDisk(this.#initial);
  }

  /**
   * The recorded events. Call it when the process has ended.
   *
   * @throws Error when the events do not lead to the current files: then something was not recorded.
   */
  events(): readonly DiskEvent[] {
    const events = readRecording(readFileSync(this.#recording));
    const real = readImage(this.path);
    // A killed process may have recorded a last write that it did not execute.
    for (const count of [events.length, events.length - 1]) {
      const disk = this.newDisk();
      for (const event of events.slice(0, count)) disk.apply(event);
      if (areEqual(disk.imageNow(), real)) return events.slice(0, count);
    }
    throw new Error(`the recording of ${events.length} events does not match the files in ${this.path}`);
  }
}

export function writeImage(folder: string, image: Image): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of image) writeFileSync(join(folder, name), bytes);
}

/** Reads all files but the shared memory, which is not used after a power cut. */
function readImage(folder: string): Image {
  const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

function areEqual(left: Image, right: Image): boolean {
  if (left.size !== right.size) return false;
  return [...left].every(([name, bytes]) => right.get(name)?.equals(bytes) === true);
}
