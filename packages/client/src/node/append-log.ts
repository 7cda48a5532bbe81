import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** A log is written anew when it is longer than this, in bytes, and holds mostly what is over. */
const COMPACT_FROM_BYTES = 64 * 1024;
const COMPACT_AT_RATIO = 4;

/** One line of a log: an entry to keep, or with one element a key to forget. */
export type LogRecord = readonly [key: string, value: string] | readonly [key: string];

/**
 * A file of checked lines that only grows, until it is written anew. What is not a whole line of ours is passed over:
 * the end of a file that a crash has cut.
 */
export class AppendLog {
  readonly #path: string;
  #file: FileHandle;
  #bytes: number;
  /** Whether the file may end in the middle of a line. */
  #isTorn: boolean;

  private constructor(path: string, file: FileHandle, text: string) {
    this.#path = path;
    this.#file = file;
    this.#bytes = Buffer.byteLength(text);
    this.#isTorn = text !== '' && !text.endsWith('\n');
  }

  /** Opens or creates a log. Returns it with its records, oldest first. */
  static async open(path: string): Promise<{ log: AppendLog; records: LogRecord[] }> {
    const file = await open(path, 'a+');
    try {
      const text = await file.readFile('utf8');
      if (text === '') await syncDirectory(path);
      return { log: new AppendLog(path, file, text), records: text.split('\n').flatMap(parseLine) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Whether less than one part in four of a long log still means something. */
  isMostlyOver(liveBytes: number): boolean {
    return this.#bytes > COMPACT_FROM_BYTES && this.#bytes > COMPACT_AT_RATIO * liveBytes;
  }

  /** Writes lines behind the others, and waits until the disk has them where `isDurable`. */
  async append(lines: readonly string[], isDurable: boolean): Promise<void> {
    // What was cut off must not become the beginning of the next line.
    const bytes = Buffer.from((this.#isTorn ? '\n' : '') + lines.join(''));
    this.#isTorn = true;
    await this.#file.appendFile(bytes);
    this.#isTorn = false;
    this.#bytes += bytes.length;
    if (isDurable) await this.#file.datasync();
  }

  /**
   * Puts these lines in the place of all others: a crash leaves the one or the other. Where there is no room to write
   * them, the log stays as it is.
   */
  async rewrite(lines: readonly string[]): Promise<void> {
    const path = `${this.#path}.new`;
    const bytes = Buffer.from(lines.join(''));
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'w');
      await file.appendFile(bytes);
      await file.sync();
      await rename(path, this.#path);
    } catch {
      await file?.close();
      await rm(path, { force: true }).catch(() => {});
      return;
    }
    // The name is the new file's from here on: whatever else fails, nothing may be written to the old one any more.
    const old = this.#file;
    this.#file = file;
    this.#bytes = bytes.length;
    await old.close();
    await syncDirectory(this.#path);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** A record as a line: its checksum, then JSON, which has no line ends. */
export function toLine(record: LogRecord): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16)} ${json}\n`;
}

function parseLine(line: string): LogRecord[] {
  const space = line.indexOf(' ');
  const json = line.slice(space + 1);
  if (space < 1 || crc32(json).toString(16) !== line.slice(0, space)) return [];
  return [JSON.parse(json) as LogRecord];
}

/** Makes a new name durable. Some systems cannot, and do it by themselves. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(dirname(path), 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    if (process.platform !== 'win32') throw error;
  }
}
