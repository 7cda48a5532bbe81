import type { BinaryString, Instant } from '@imcore/protocol';
import type { LimitName } from '../events.js';
import type { Connection, FrameKind } from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing } from '../timers/deadline-queue.js';
import { MAX_WAIT_MS } from '../users/outlet.js';
import { SlowReader } from './slow-reader.js';

/** The session that an outbound side belongs to. */
export interface OutboundOwner {
  /** Disconnects a peer that has reached a limit. */
  giveUp(limit: LimitName, value: number): void;
}

/**
 * Writes to one peer and tracks it while it reads too slowly. If it reaches `maxBufferedBytes` or `stallTimeoutMs`, the owner
 * is asked to disconnect it.
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

  /** Returns false if the peer reads too slowly. */
  send(body: BinaryString, kind: FrameKind): boolean {
    const connection = this.#connection;
    const slowReader = this.#slowReader;
    const before = slowReader === undefined ? 0 : connection.bufferedBytes;
    const hasRoom = connection.send(body, kind);
    slowReader?.grew(connection.bufferedBytes - before);
    if (!hasRoom) this.fellBehind();
    return hasRoom;
  }

  /** Whether the peer has read too slowly for {@link MAX_WAIT_MS} or longer: senders no longer wait for it. */
  isStuck(now: Instant): boolean {
    return this.#slowReader !== undefined && now - this.#slowReader.since >= MAX_WAIT_MS;
  }

  /** Calls `resume` once, when the peer has caught up or is gone; at once if it is not behind. */
  onCaughtUp(resume: () => void): void {
    if (this.#slowReader === undefined) resume();
    else this.#slowReader.onCaughtUp(resume);
  }

  /** The peer has caught up, or is gone. */
  caughtUp(): void {
    this.#slowReader?.end();
    this.#slowReader = undefined;
  }

  /** More is buffered for the peer than it should be. */
  fellBehind(): void {
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
