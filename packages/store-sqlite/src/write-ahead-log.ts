import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { markOnPage } from './database-pages.js';
import type { Mark } from './mark.js';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Its last bit tells the byte order of the words in checksums. */
const MAGIC = 0x377f0682;
/** Whether this machine is big-endian. */
const IS_BIG_ENDIAN = endianness() === 'BE';
/** Bytes read at a time. */
const CHUNK_BYTES = 1024 * 1024;
/** Assumed if the header is damaged. */
const DEFAULT_PAGE_BYTES = 4096;

/** What a write-ahead log contains. */
export interface LogContents {
  /** Number of frames that SQLite will read: all are valid, up to the last commit. */
  readonly frames: number;
  /** The pages of these frames. */
  readonly pages: ReadonlySet<number>;
  /** Pages of the database after the last of these commits. */
  readonly pageCount: number;
  /** The first and the last mark in these frames. */
  readonly first: Mark | undefined;
  readonly last: Mark | undefined;
  /** Valid frames that SQLite will not read, because the header or a frame before them is not valid. */
  readonly behind: {
    readonly frames: number;
    /** The marks with the lowest and the highest counter. */
    readonly lowest: Mark | undefined;
    readonly highest: Mark | undefined;
  };
  readonly isHeaderValid: boolean;
}

/**
 * Reads a write-ahead log without SQLite, which silently ignores everything from the first invalid frame on. Returns
 * `undefined` if there is no log, or it is empty.
 *
 * Each frame has a checksum that begins with that of the frame before it. Behind an invalid frame, a frame is valid if it
 * continues the checksum that the frame before it has stored. Frames of an older generation of the log do not count: their
 * salts differ from those of the header.
 *
 * @see https://sqlite.org/fileformat2.html#the_write_ahead_log
 */
export function readLog(path: string): LogContents | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const bytes = fstatSync(descriptor).size;
    if (bytes < HEADER_BYTES + FRAME_HEADER_BYTES) return undefined;
    return new LogReader(descriptor, bytes).read();
  } finally {
    closeSync(descriptor);
  }
}

class LogReader {
  readonly #descriptor: number;
  readonly #bytes: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  readonly #pages = new Set<number>();
  /** Pages and marks since the last commit. */
  #openPages: number[] = [];
  #openMarks: Mark[] = [];
  #marks: readonly [first: Mark | undefined, last: Mark | undefined] = [undefined, undefined];
  #pageCount = 0;
  #frames = 0;
  #behindFrames = 0;
  #lowest: Mark | undefined;
  #highest: Mark | undefined;
  #sum1 = 0;
  #sum2 = 0;

  constructor(descriptor: number, bytes: number) {
    this.#descriptor = descriptor;
    this.#bytes = bytes;
  }

  read(): LogContents {
    readSync(this.#descriptor, this.#header, 0, HEADER_BYTES, 0);
    const isHeaderValid = this.#isHeaderValid();
    this.#sum1 = this.#header.readUInt32BE(24);
    this.#sum2 = this.#header.readUInt32BE(28);
    const pageBytes = isHeaderValid ? this.#header.readUInt32BE(8) : DEFAULT_PAGE_BYTES;
    const frameBytes = FRAME_HEADER_BYTES + pageBytes;
    const total = Math.floor((this.#bytes - HEADER_BYTES) / frameBytes);
    const framesPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / frameBytes));
    const chunk = Buffer.alloc(framesPerChunk * frameBytes);
    const isBigEndian = isHeaderValid ? this.#isBigEndian() : IS_BIG_ENDIAN;
    let isValid = isHeaderValid;
    for (let frame = 0; frame < total; frame += framesPerChunk) {
      const count = Math.min(framesPerChunk, total - frame);
      readSync(this.#descriptor, chunk, 0, count * frameBytes, HEADER_BYTES + frame * frameBytes);
      const words = wordsOf(chunk, isBigEndian);
      for (let index = 0; index < count; index++) {
        const from = index * frameBytes;
        const bytes = chunk.subarray(from, from + frameBytes);
        const isNext = this.#isFrameValid(bytes, words, from / 4, isHeaderValid);
        if (isValid && isNext) this.#add(bytes, frame + index + 1);
        else if (isNext) this.#addBehind(bytes);
        isValid &&= isNext;
        // Behind an invalid frame the next one continues the checksum that is stored in it.
        this.#sum1 = bytes.readUInt32BE(16);
        this.#sum2 = bytes.readUInt32BE(20);
      }
    }
    const [first, last] = this.#marks;
    const behind = { frames: this.#behindFrames, lowest: this.#lowest, highest: this.#highest };
    return {
      ...{ isHeaderValid, frames: this.#frames, pages: this.#pages, pageCount: this.#pageCount },
      ...{ first, last, behind },
    };
  }

  #isBigEndian(): boolean {
    return (this.#header.readUInt32BE(0) & 1) === 1;
  }

  #isHeaderValid(): boolean {
    if ((this.#header.readUInt32BE(0) & 0xfffffffe) !== MAGIC) return false;
    this.#sum(wordsOf(this.#header, this.#isBigEndian()), 0, 6);
    return this.#sum1 === this.#header.readUInt32BE(24) && this.#sum2 === this.#header.readUInt32BE(28);
  }

  #isFrameValid(frame: Buffer, words: Uint32Array, at: number, mustHaveSalts: boolean): boolean {
    if (mustHaveSalts && frame.compare(this.#header, 16, 24, 8, 16) !== 0) return false;
    this.#sum(words, at, 2);
    this.#sum(words, at + FRAME_HEADER_BYTES / 4, (frame.length - FRAME_HEADER_BYTES) / 4);
    return this.#sum1 === frame.readUInt32BE(16) && this.#sum2 === frame.readUInt32BE(20);
  }

  #add(frame: Buffer, number: number): void {
    this.#openPages.push(frame.readUInt32BE(0));
    const mark = markOnPage(frame.subarray(FRAME_HEADER_BYTES));
    if (typeof mark === 'object') this.#openMarks.push(mark);
    const pageCount = frame.readUInt32BE(4);
    if (pageCount === 0) return;
    this.#frames = number;
    this.#pageCount = pageCount;
    for (const page of this.#openPages) this.#pages.add(page);
    const [first = this.#openMarks[0], last] = this.#marks;
    this.#marks = [first, this.#openMarks.at(-1) ?? last];
    this.#openPages = [];
    this.#openMarks = [];
  }

  #addBehind(frame: Buffer): void {
    this.#behindFrames += 1;
    const mark = markOnPage(frame.subarray(FRAME_HEADER_BYTES));
    if (typeof mark !== 'object') return;
    if (this.#lowest === undefined || mark.commits < this.#lowest.commits) this.#lowest = mark;
    if (this.#highest === undefined || mark.commits > this.#highest.commits) this.#highest = mark;
  }

  #sum(words: Uint32Array, from: number, count: number): void {
    let first = this.#sum1;
    let second = this.#sum2;
    for (let at = from; at < from + count; at += 2) {
      first = (first + (words[at] ?? 0) + second) >>> 0;
      second = (second + (words[at + 1] ?? 0) + first) >>> 0;
    }
    this.#sum1 = first;
    this.#sum2 = second;
  }
}

/** The words of a buffer in the byte order of the log. */
function wordsOf(buffer: Buffer, isBigEndian: boolean): Uint32Array {
  const bytes = isBigEndian === IS_BIG_ENDIAN ? buffer : Buffer.from(buffer).swap32();
  // A view needs an offset that is a multiple of four.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >>> 2);
}
