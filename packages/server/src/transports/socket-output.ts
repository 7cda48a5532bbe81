import type { Duplex } from 'node:stream';
import type { BinaryString } from '@imcore/protocol';
import type { Flushable, Flusher } from './flusher.js';

/** Number of buffered bytes above which a peer counts as slow. */
const SLOW_BYTES = 256 * 1024;

/** Number of buffered bytes above which the owner is told when the peer has read them. */
const BACKLOG_BYTES = 16 * 1024;

/** Called when a peer has caught up who was slow, or had a backlog. */
export interface Drainable {
  drained(): void;
}

/** The output of one stream connection: collected during a turn of the event loop, then written to the socket. */
export class SocketOutput implements Flushable {
  readonly #socket: Duplex;
  readonly #flusher: Flusher;
  #pending: BinaryString = '';
  #isSlow = false;
  #hasBacklog = false;
  #owner: Drainable | undefined;
  #listensForDrain = false;

  constructor(socket: Duplex, flusher: Flusher) {
    this.#socket = socket;
    this.#flusher = flusher;
  }

  /** Bytes that have not left the process. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#pending.length;
  }

  /** Adds bytes. Returns false while the peer reads too slowly. */
  add(bytes: BinaryString): boolean {
    if (!this.#socket.writable) return true;
    if (this.#pending === '') this.#flusher.add(this);
    this.#pending += bytes;
    const { bufferedBytes } = this;
    if (bufferedBytes > BACKLOG_BYTES) this.#fellBehind(bufferedBytes);
    return !this.#isSlow;
  }

  /** Writes the collected bytes to the socket now. */
  flush(): void {
    const bytes = this.#pending;
    if (bytes === '') return;
    this.#pending = '';
    if (!this.#socket.writable) return;
    this.#socket.write(bytes, 'latin1');
    // A socket that accepts everything at once does not emit `drain` later.
    if (!this.#socket.writableNeedDrain) this.#caughtUp();
  }

  /** Calls `owner.drained` whenever a peer has caught up who was slow, or had a backlog. */
  onDrained(owner: Drainable): void {
    this.#owner = owner;
  }

  #fellBehind(bufferedBytes: number): void {
    this.#hasBacklog = true;
    if (bufferedBytes > SLOW_BYTES) this.#isSlow = true;
    if (this.#listensForDrain) return;
    this.#listensForDrain = true;
    this.#socket.on('drain', () => this.#caughtUp());
  }

  #caughtUp(): void {
    if (!this.#hasBacklog) return;
    this.#hasBacklog = false;
    this.#isSlow = false;
    this.#owner?.drained();
  }
}
