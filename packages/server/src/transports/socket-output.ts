import type { Duplex } from 'node:stream';
import type { BinaryString } from '@imcore/protocol';
import type { Flushable, Flusher } from './flusher.js';

/** Bytes that may wait for a peer before it counts as slow. */
const SLOW_BYTES = 256 * 1024;

/** Learns that a slow peer has caught up. */
export interface Drainable {
  drained(): void;
}

/** What one connection of a stream writes: gathered over a turn of the event loop, then written to the socket. */
export class SocketOutput implements Flushable {
  readonly #socket: Duplex;
  readonly #flusher: Flusher;
  #pending: BinaryString = '';
  #isSlow = false;
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

  /** Takes bytes. Returns false while the peer reads too slowly. */
  add(bytes: BinaryString): boolean {
    if (!this.#socket.writable) return true;
    if (this.#pending === '') this.#flusher.add(this);
    this.#pending += bytes;
    if (this.bufferedBytes > SLOW_BYTES) this.#fellBehind();
    return !this.#isSlow;
  }

  /** Hands what has gathered to the socket now. */
  flush(): void {
    const bytes = this.#pending;
    if (bytes === '') return;
    this.#pending = '';
    if (!this.#socket.writable) return;
    this.#socket.write(bytes, 'latin1');
    // A socket that takes everything at once, however much, has no reason to emit `drain` later.
    if (!this.#socket.writableNeedDrain) this.#caughtUp();
  }

  /** Tells `owner` whenever a slow peer has caught up. */
  onDrained(owner: Drainable): void {
    this.#owner = owner;
  }

  #fellBehind(): void {
    this.#isSlow = true;
    if (this.#listensForDrain) return;
    this.#listensForDrain = true;
    this.#socket.on('drain', () => this.#caughtUp());
  }

  #caughtUp(): void {
    if (!this.#isSlow) return;
    this.#isSlow = false;
    this.#owner?.drained();
  }
}
