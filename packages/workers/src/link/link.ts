import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { BinaryString } from '@imcore/protocol';
import type { Flushable, Flusher } from '@imcore/server/transport-kit';
import { WorkerError } from '../errors.js';
import { RecordBuffer } from './record-buffer.js';
import { type RecordKind, RecordReader } from './records.js';

/** From so many bytes that have not left on, the other side is behind. */
const BEHIND_BYTES = 1024 * 1024;
/** With so many or less it has caught up. */
const CAUGHT_UP_BYTES = 256 * 1024;
/** With more, the link is given up. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Maximum size of a control record, in bytes. Frame bodies may be larger: see the parameter of {@link Link}. */
const MIN_RECORD_BYTES = 16 * 1024 * 1024;

/** The owner of one end of a link. After `ended` nothing else is called. */
export interface LinkOwner {
  /** A record has arrived. Throws a `WorkerError` if it cannot be: the link is then broken. */
  record(kind: RecordKind, connection: number, bytes: Buffer, start: number, end: number): void;
  /** The other side is behind: more than 1 MiB has not left. */
  fellBehind(): void;
  /** The other side has caught up. */
  caughtUp(): void;
  /** The link is closed. `error`: why, if it is broken. */
  ended(error: WorkerError | undefined): void;
}

/**
 * One end of the link between the core and a worker: a stream of records in both directions. The records of one turn of the event
 * loop leave with one system call; while the stream has not taken them, the next ones wait and leave together.
 */
export class Link implements Flushable {
  readonly #stream: Duplex;
  readonly #flusher: Flusher;
  readonly #owner: LinkOwner;
  readonly #reader: RecordReader;
  readonly #pending = new RecordBuffer();
  /** Bytes in the stream, as of the last write. */
  #queuedBytes = 0;
  #isWriting = false;
  #isBehind = false;
  #timesBehind = 0;
  #isEnded = false;
  #error: WorkerError | undefined = undefined;
  #bytesReceived = 0;
  #bytesSent = 0;

  /** `maxBodyBytes`: maximum size of a frame body in either direction. */
  constructor(stream: Duplex, flusher: Flusher, maxBodyBytes: number, owner: LinkOwner) {
    this.#stream = stream;
    this.#flusher = flusher;
    this.#owner = owner;
    this.#reader = new RecordReader(Math.max(MIN_RECORD_BYTES, maxBodyBytes));
    stream.on('data', this.#onData);
    stream.on('drain', this.#onDrain);
    stream.on('error', () => stream.destroy());
    stream.on('end', () => stream.end());
    stream.on('close', this.#onClose);
  }

  /** Bytes that have not left. */
  get bufferedBytes(): number {
    return this.#pending.length + this.#queuedBytes;
  }

  /** Whether the other side is behind. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** How many times the other side has been behind, to tell one time from another. */
  get timesBehind(): number {
    return this.#timesBehind;
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** Sends a record at the end of this turn. Ignored when the link is closed. */
  send(kind: RecordKind, connection: number, body: BinaryString = ''): void {
    if (this.#isEnded) return;
    if (this.#pending.length === 0) this.#flusher.add(this);
    this.#pending.add(kind, connection, body);
    if (this.bufferedBytes > BEHIND_BYTES) this.#fellBehind();
  }

  flush(): void {
    const stream = this.#stream;
    if (this.#isWriting || this.#pending.length === 0 || !stream.writable) return;
    const bytes = this.#pending.take();
    this.#bytesSent += bytes.length;
    this.#isWriting = !stream.write(bytes);
    this.#queuedBytes = stream.writableLength;
    // The system has copied what a socket has written. Other streams pass the same bytes on.
    if (this.#queuedBytes === 0 && stream instanceof net.Socket) this.#pending.reuse(bytes);
    this.#checkCaughtUp();
  }

  /** Closes the link after what was sent has left. */
  end(): void {
    this.#isWriting = false;
    this.flush();
    this.#stream.end();
  }

  /** Closes the link at once. */
  destroy(): void {
    this.#stream.destroy();
  }

  #fellBehind(): void {
    const { bufferedBytes } = this;
    if (bufferedBytes > MAX_BYTES)
      this.#break(
        new WorkerError(
          'ERR_WORKER_LINK',
          `${bufferedBytes} bytes wait in a link, the limit is ${MAX_BYTES}`,
        ),
      );
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.#timesBehind += 1;
    this.#owner.fellBehind();
  }

  #checkCaughtUp(): void {
    if (!this.#isBehind || this.bufferedBytes > CAUGHT_UP_BYTES) return;
    this.#isBehind = false;
    this.#owner.caughtUp();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#error !== undefined) return;
    this.#bytesReceived += chunk.length;
    this.#flusher.handling();
    try {
      this.#reader.push(chunk, this.#onRecord);
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
      this.#break(error);
    } finally {
      this.#flusher.handled();
    }
  };

  readonly #onRecord = (
    kind: RecordKind,
    connection: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void => {
    this.#owner.record(kind, connection, bytes, start, end);
  };

  readonly #onDrain = (): void => {
    this.#isWriting = false;
    this.#queuedBytes = this.#stream.writableLength;
    if (this.#pending.length > 0) this.flush();
    else this.#checkCaughtUp();
  };

  readonly #onClose = (): void => {
    this.#isEnded = true;
    this.#pending.clear();
    this.#queuedBytes = 0;
    if (this.#reader.isInRecord)
      this.#error ??= new WorkerError('ERR_WORKER_LINK', 'a link has ended within a record');
    this.#owner.ended(this.#error);
  };

  #break(error: WorkerError): void {
    this.#error ??= error;
    this.#isEnded = true;
    this.#pending.clear();
    this.#stream.destroy();
  }
}
