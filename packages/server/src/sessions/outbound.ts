import type { BinaryString, Instant } from '@imcore/protocol';
import type { LimitName } from '../events.js';
import type { Connection, FrameKind } from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing } from '../timers/deadline-queue.js';
import { MAX_WAIT_MS } from '../users/outlet.js';
import { SlowReader } from './slow-reader.js';

/** Ends a peer that is hopelessly behind. */
export interface OutboundOwner {
  giveUp(limit: LimitName, value: number): void;
}

/**
 * Writes to one peer, and watches it while it has fallen behind. One that is hopelessly behind, in bytes or in time,
 * is reported to the owner, who ends it.
 */
export class Outbound {
  readonly #connection: Connection;
  readonly #runtime: Runtime;
  readonly #stallDeadlines: DeadlineRing;
  readonly #owner: OutboundOwner;
  #slowReader: SlowReader | undefined = undefined;

  constructor(connection: Connection, runtime: Runtime, stallDeadlines: DeadlineRing, owner: OutboundOwner) {
    this.#connection = connection;
    this.#runtime = runtime;
    this.#stallDeadlines = stallDeadlines;
    this.#owner = owner;
  }

  /** Returns false when the peer reads too slowly. */
  send(body: BinaryString, kind: FrameKind): boolean {
    const connection = this.#connection;
    const slowReader = this.#slowReader;
    const before = slowReader === undefined ? 0 : connection.bufferedBytes;
    const hasRoom = connection.send(body, kind);
    slowReader?.grew(connection.bufferedBytes - before);
    if (!hasRoom) this.#fellBehind();
    return hasRoom;
  }

  /** Whether the peer has been behind for so long that nobody should wait for it any more. */
  isStuck(now: Instant): boolean {
    return this.#slowReader !== undefined && now - this.#slowReader.since >= MAX_WAIT_MS;
  }

  /** Calls `resume` once, when the peer has caught up or is gone; at once when it is not behind. */
  onCaughtUp(resume: () => void): void {
    if (this.#slowReader === undefined) resume();
    else this.#slowReader.onCaughtUp(resume);
  }

  /** The peer has caught up, or is gone. */
  caughtUp(): void {
    this.#slowReader?.end();
    this.#slowReader = undefined;
  }

  #fellBehind(): void {
    const { limits, metrics, clock } = this.#runtime;
    if (this.#connection.bufferedBytes > limits.maxBufferedBytes) {
      metrics.limitBufferedBytes += 1;
      this.#owner.giveUp('maxBufferedBytes', limits.maxBufferedBytes);
      return;
    }
    if (this.#slowReader !== undefined) return;
    this.#slowReader = new SlowReader(this.#connection, clock.now(), () => {
      metrics.limitStalled += 1;
      this.#owner.giveUp('stallTimeoutMs', limits.stallTimeoutMs);
    });
    this.#stallDeadlines.start(this.#slowReader, clock.now());
  }
}
