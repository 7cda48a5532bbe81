import type { LogStart } from '@imcore/protocol';
import type { FeedEntry, FeedPage } from '../../../packages/server/src/feeds/feed.js';

/** An entry of the model's log. */
export interface ModelEntry extends FeedEntry {
  readonly message: number;
  /** Of an own message. */
  readonly fingerprint: string | undefined;
}

/** A user's log, with all that may happen to it. */
export class ModelLog {
  epoch = 'epoch-0';
  last = 0;
  removed = 0;
  readonly entries = new Map<number, ModelEntry>();
  readonly positions = new Map<string, number>();
  /** Every message that the log has had, and its position. */
  readonly messages = new Map<number, number>();
  #messages = 0;
  #epochs = 0;

  /** Appends a message. `isFaulty`: at the position of the last one. */
  append(bytes: number, fingerprint: string | undefined, isFaulty: boolean): number {
    if (!isFaulty || this.last === 0) this.last += 1;
    this.#messages += 1;
    this.entries.set(this.last, { position: this.last, bytes, message: this.#messages, fingerprint });
    this.messages.set(this.#messages, this.last);
    if (fingerprint !== undefined) this.positions.set(fingerprint, this.last);
    return this.last;
  }

  expire(position: number): void {
    this.entries.delete(position);
    this.#moveStart();
  }

  trim(to: number): void {
    for (let position = this.removed + 1; position <= to; position++) this.entries.delete(position);
    this.#moveStart();
  }

  /** A backup was restored: the newest positions will be given again. */
  setBack(last: number): void {
    for (let position = last + 1; position <= this.last; position++) this.entries.delete(position);
    for (const [fingerprint, position] of this.positions)
      if (position > last) this.positions.delete(fingerprint);
    for (const [message, position] of this.messages) if (position > last) this.messages.delete(message);
    this.last = last;
    this.#epochs += 1;
    this.epoch = `epoch-${this.#epochs}`;
    this.removed = Math.min(this.removed, last);
    this.#moveStart();
  }

  read(after: number, limit: number): FeedPage<ModelEntry> {
    const entries: ModelEntry[] = [];
    for (let position = after + 1; position <= this.last && entries.length < limit; position++) {
      const entry = this.entries.get(position);
      if (entry !== undefined) entries.push(entry);
    }
    return { entries, removed: this.removed, last: this.last };
  }

  /** Where a device continues, by the rules of the specification. */
  startFor(position: { epoch: string; position: number } | undefined, window: number): LogStart {
    const { epoch, last, removed } = this;
    const base = { epoch, first: removed + 1, last, window };
    if (position === undefined) return { ...base, position: removed };
    if (position.epoch !== epoch || position.position > last)
      return { ...base, position: last, hole: { from: 1, to: last } };
    if (position.position >= removed) return { ...base, position: position.position };
    return { ...base, position: removed, hole: { from: position.position + 1, to: removed } };
  }

  #moveStart(): void {
    while (this.removed < this.last && !this.entries.has(this.removed + 1)) this.removed += 1;
  }
}
