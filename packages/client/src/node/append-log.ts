import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** A log is compacted when it is longer than this, in bytes, and consists mostly of obsolete records. */
const COMPACT_FROM_BYTES = 64 * 1024;
const COMPACT_AT_RATIO = 4;

/** One record of a log: an entry to store, or with one element a key to remove. */
export type LogRecord = readonly [key: string, value: string] | readonly [key: string];

/**
 * An append-only file of lines with checksums, which is compacted by rewriting it. Invalid lines are ignored, for example
 * an incomplete line at the end of the file after a crash.
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

  /** Returns whether the log is long and less than a quarter of it is live. */
  shouldCompact(liveBytes: number): boolean {
    return this.#bytes > COMPACT_FROM_BYTES && this.#bytes > COMPACT_AT_RATIO * liveBytes;
  }

  /** Appends lines. With `isDurable`, waits until they are on disk. */
  async append(lines: readonly string[], isDurable: boolean): Promise<void> {
    // An incomplete line must not become the beginning of the next one.
    const bytes = Buffer.from((this.#isTorn ? '\n' : '') + lines.join(''));
    this.#isTorn = true;
    await this.#file.appendFile(bytes);
    this.#isTorn = false;
    this.#bytes += bytes.length;
    if (isDurable) await this.#file.datasync();
  }

  /**
   * Replaces all lines atomically: after a crash the file has either the old or the new lines. If writing fails, for
   * example on a full disk, the log stays unchanged.
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
    // From here on the path is the new file: even if a later step fails, nothing may be written to the old one.
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

/** Encodes a record as a line: its checksum, then JSON, which contains no line breaks. */
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

/** Makes a new file name durable. Windows cannot sync a directory. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(dirname(path), 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    if (process.platform !== 'win32') throw error;
  }
}
