import type { BinaryString, Instant } from '@imcore/protocol';
import type { LimitName } from '../events.js';
import type { Connection, FrameKind } from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing } from '../timers/deadline-queue.js';
import { MAX_WAIT_MS } from '../users/outlet.js';
import { SlowReader } from './slow-reader.js';

/** Number of buffered bytes from which on a peer's output is counted as under way. With less, peers come and go too often. */
const BACKLOG_BYTES = 16 * 1024;

/** The session that an outbound side belongs to. It holds what both sides of a session need, to save memory. */
export interface OutboundOwner {
  readonly connection: Connection;
  readonly runtime: Runtime;
  /** Deadlines of peers that read too slowly. */
  readonly stallDeadlines: DeadlineRing;
  /** Disconnects a peer that has reached a limit. */
  giveUp(limit: LimitName, value: number): void;
}

/**
 * Writes to one peer and tracks it while it reads too slowly. If it reaches `maxBufferedBytes` or `stallTimeoutMs`, the owner
 * is asked to disconnect it.
 */
export class Outbound {
  readonly #owner: OutboundOwner;
  #slowReader: SlowReader | undefined = undefined;
  #countedBytes = 0;

  constructor(owner: OutboundOwner) {
    this.#owner = owner;
  }

  /** Returns false if the peer reads too slowly. */
  send(body: BinaryString, kind: FrameKind): boolean {
    const { connection } = this.#owner;
    const slowReader = this.#slowReader;
    const before = slowReader === undefined ? 0 : connection.bufferedBytes;
    let hasRoom = connection.send(body, kind);
    const { bufferedBytes } = connection;
    slowReader?.grew(bufferedBytes - before);
    if (bufferedBytes > BACKLOG_BYTES || this.#countedBytes > 0) {
      this.#count(bufferedBytes);
      if (this.#exceedsShare) hasRoom = false;
    }
    if (!hasRoom) this.fellBehind();
    return hasRoom;
  }

  /**
   * Whether senders no longer wait for the peer: it has read too slowly for {@link MAX_WAIT_MS} or longer, or its output has
   * taken its share of the bytes under way.
   */
  isStuck(now: Instant): boolean {
    if (this.#slowReader === undefined) return false;
    return now - this.#slowReader.since >= MAX_WAIT_MS || this.#exceedsShare;
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
    this.#count(0);
  }

  get #exceedsShare(): boolean {
    return (
      this.#countedBytes > BACKLOG_BYTES && this.#countedBytes > this.#owner.runtime.underWay.freeForReceiver
    );
  }

  /** Sets the output that is counted as under way. */
  #count(bytes: number): void {
    this.#owner.runtime.underWay.addOfReceiver(bytes - this.#countedBytes);
    this.#countedBytes = bytes;
  }

  /** More is buffered for the peer than it should be. */
  fellBehind(): void {
    const { limits, metrics, clock } = this.#owner.runtime;
    if (this.#owner.connection.bufferedBytes > limits.maxBufferedBytes) {
      metrics.limitBufferedBytes += 1;
      this.#owner.giveUp('maxBufferedBytes', limits.maxBufferedBytes);
      return;
    }
    if (this.#slowReader !== undefined) return;
    this.#slowReader = new SlowReader(this.#owner.connection, clock.now(), () => {
      metrics.limitStalled += 1;
      this.#owner.giveUp('stallTimeoutMs', limits.stallTimeoutMs);
    });
    this.#owner.stallDeadlines.start(this.#slowReader, clock.now());
  }
}
