import type { BinaryString, Clock, Scheduled } from '@imcore/protocol';
import type { Pipe, SegmentKind } from './pipe.js';

/** Bytes that may be in transit or unread at the other end before a writer has to wait. */
const WINDOW_BYTES = 64 * 1024;

/** Bytes that may wait for the window before `write` returns false. */
const HIGH_WATER_BYTES = 16 * 1024;

/** How long an ended stream tries to send its last bytes, in milliseconds. */
const LINGER_MS = 5000;

/** The events of one end of a stream. Nothing is called after `closed`. */
interface StreamEvents {
  /** The server has accepted the connection. Only at the client's end. */
  opened?(): void;
  data(bytes: BinaryString): void;
  /** All bytes that had to wait in `write` were sent. */
  drained(): void;
  /** Called exactly once, never from within a call to the end itself. */
  closed(): void;
}

const NO_EVENTS: StreamEvents = { data() {}, drained() {}, closed() {} };

/** One end of a simulated stream: ordered and reliable, with a window and backpressure. */
export class StreamEnd {
  readonly #clock: Clock;
  readonly #onClosed: () => void;
  readonly #unsent: BinaryString[] = [];
  readonly #unread: BinaryString[] = [];
  #outgoing: Pipe | undefined;
  #peer: StreamEnd | undefined;
  #events: StreamEvents = NO_EVENTS;
  #state: 'opening' | 'open' | 'ending' | 'closing' | 'closed' = 'open';
  #unsentBytes = 0;
  #bytesInWindow = 0;
  #isPaused = false;
  #peerHasEnded = false;
  #owesDrained = false;
  #linger: Scheduled | undefined;

  constructor(clock: Clock, onClosed: () => void) {
    this.#clock = clock;
    this.#onClosed = onClosed;
  }

  /** Connects this end to its outgoing pipe and to the other end. A client's end then waits to be opened. */
  join(outgoing: Pipe, peer: StreamEnd, isOpen: boolean): void {
    this.#outgoing = outgoing;
    this.#peer = peer;
    this.#state = isOpen ? 'open' : 'opening';
  }

  attach(events: StreamEvents): void {
    this.#events = events;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Bytes that {@link write} has accepted and that were not sent. */
  get bufferedBytes(): number {
    return this.#unsentBytes;
  }

  /** Returns false when the reader is slow: wait for `drained`. Bytes after the end are ignored. */
  write(bytes: BinaryString): boolean {
    if (this.#state !== 'open') return false;
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
    this.#pump();
    if (this.#unsentBytes <= HIGH_WATER_BYTES) return true;
    this.#owesDrained = true;
    return false;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#clock.schedule(this.#clock.now(), () => this.#read());
  }

  /** Ends the stream when all bytes are sent; one that is still opening ends at once. */
  end(): void {
    if (this.#state === 'opening') this.destroy();
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#linger = this.#clock.schedule(this.#clock.now() + LINGER_MS, () => this.destroy());
    this.#pump();
  }

  /** Ends the stream at once: bytes that were not sent are lost. */
  destroy(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#outgoing?.put('reset');
    this.#close();
  }

  /** Handles a segment that has arrived. */
  receive(kind: SegmentKind, bytes: BinaryString): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    if (kind === 'open') {
      this.#state = 'open';
      this.#events.opened?.();
    } else if (kind === 'reset') this.#close();
    else {
      if (kind === 'data') this.#unread.push(bytes);
      else this.#peerHasEnded = true;
      this.#read();
    }
  }

  /** Closes this end, which has noticed that the connection is broken. */
  fail(): void {
    if (this.#state !== 'closed' && this.#state !== 'closing') this.#close();
  }

  #read(): void {
    while (!this.#isPaused && this.#state !== 'closing' && this.#state !== 'closed') {
      const bytes = this.#unread.shift();
      if (bytes === undefined) {
        if (this.#peerHasEnded) this.#close();
        return;
      }
      if (this.#peer !== undefined) this.#peer.#consumed(bytes.length);
      this.#events.data(bytes);
    }
  }

  #consumed(bytes: number): void {
    this.#bytesInWindow -= bytes;
    this.#pump();
  }

  #pump(): void {
    if (this.#state !== 'open' && this.#state !== 'ending') return;
    while (this.#unsentBytes > 0 && this.#bytesInWindow < WINDOW_BYTES) {
      const first = this.#unsent[0] ?? '';
      const part = first.slice(0, WINDOW_BYTES - this.#bytesInWindow);
      if (part.length === first.length) this.#unsent.shift();
      else this.#unsent[0] = first.slice(part.length);
      this.#unsentBytes -= part.length;
      this.#bytesInWindow += part.length;
      this.#outgoing?.put('data', part);
    }
    if (this.#unsentBytes > 0) return;
    if (this.#state === 'ending') {
      this.#outgoing?.put('end');
      this.#close();
    } else if (this.#owesDrained) {
      this.#owesDrained = false;
      this.#clock.schedule(this.#clock.now(), () => {
        if (this.#state === 'open') this.#events.drained();
      });
    }
  }

  #close(): void {
    this.#state = 'closing';
    this.#linger?.cancel();
    this.#unsent.length = 0;
    this.#unsentBytes = 0;
    this.#unread.length = 0;
    this.#clock.schedule(this.#clock.now(), () => {
      this.#state = 'closed';
      this.#onClosed();
      this.#events.closed();
    });
  }
}
