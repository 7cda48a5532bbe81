import type { Position } from '@imcore/server/ports';

/** What a device was told of the log of one epoch. */
class EpochPages {
  /** The device got nothing up to it: its log begins behind. */
  readonly start: Position;
  /** Whether the application was told that what lies before is missing. */
  readonly isTold: boolean;
  /** Keys of the messages that the application has handled, by position. */
  readonly handled = new Map<Position, string>();
  /** Keys of own messages that are stored, by position. */
  readonly own = new Map<Position, string>();
  /** Positions that will not come, and why. */
  readonly gaps = new Map<Position, string>();

  constructor(start: Position, isTold: boolean) {
    this.start = start;
    this.isTold = isTold;
  }

  /** The message that the application has at a position. */
  at(position: Position): string | undefined {
    return this.handled.get(position) ?? this.own.get(position);
  }
}

/** A position as a device has stored it. */
export interface SavedPosition {
  readonly epoch: string;
  readonly position: Position;
}

/** What the application of one device wrote down about its log. Reports what must not happen at any time. */
export class Diary {
  readonly #name: string;
  readonly #onBreach: (text: string) => void;
  readonly #epochs = new Map<string, EpochPages>();
  #epoch: string | undefined = undefined;
  /** Everything up to it was emitted, told to be absent, or is an own message. */
  #passed: Position = 0;
  /** Positions whose handling has failed. */
  readonly #failed = new Set<Position>();
  /** Positions that the application is handling. */
  readonly #inHand = new Set<Position>();
  /** The server has another log, or a hole before the beginning: the device must be told. */
  #next: SavedPosition | undefined = undefined;
  /** The epochs of logs of which the device was told that they have taken the place of one that it knew. */
  readonly replacements = new Set<string>();

  constructor(name: string, onBreach: (text: string) => void) {
    this.#name = name;
    this.#onBreach = onBreach;
  }

  /** The epoch of the log that the device knows; `undefined` before its first login. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** Whether the application has handled everything that it was handed: then the position says so. */
  get isIdle(): boolean {
    return this.#failed.size === 0 && this.#inHand.size === 0;
  }

  get pages(): EpochPages | undefined {
    return this.#epoch === undefined ? undefined : this.#epochs.get(this.#epoch);
  }

  /** The server has answered a login: the first answer of a link. */
  answered(start: SavedPosition, hasHole: boolean): void {
    if (this.#epoch === undefined && !hasHole) this.#begin(start, false);
    else if (this.#epoch !== start.epoch) this.#next = start;
  }

  /** A message was emitted. */
  emitted(position: Position): void {
    if (this.#next !== undefined) this.#breach(`got ${position} of another log, and was told no hole`);
    this.#inHand.add(position);
    if (this.#failed.delete(position)) return;
    if (position <= this.#passed) this.#breach(`was handed ${position} again, after ${this.#passed}`);
    this.#passTo(position, `handed ${position}`);
  }

  /** The application has handled a message of the log of an epoch. */
  handled(epoch: string | undefined, position: Position, key: string): void {
    const pages = epoch === undefined ? undefined : this.#epochs.get(epoch);
    const known = pages?.handled.get(position);
    if (known !== undefined && known !== key) this.#breach(`had ${known} at ${position}, then ${key}`);
    pages?.handled.set(position, key);
    if (epoch === this.#epoch) this.#inHand.delete(position);
  }

  handlingFailed(position: Position): void {
    this.#inHand.delete(position);
    this.#failed.add(position);
  }

  /** An own message is stored. */
  stored(position: Position, key: string): void {
    const { pages } = this;
    const known = pages?.at(position);
    if (known !== undefined && known !== key)
      this.#breach(`had ${known} at ${position}, then its own ${key}`);
    pages?.own.set(position, key);
  }

  /** The application was told that positions will not come. Returns whether they are those of a log that it knew before. */
  gap(from: Position, to: Position, reason: string): boolean {
    const next = this.#next;
    if (next !== undefined && reason === 'hole') {
      const isReplaced = this.#epoch !== undefined;
      if (isReplaced) this.replacements.add(next.epoch);
      this.#begin(next, true);
      return isReplaced;
    }
    if (from <= this.#passed)
      this.#breach(`was told that ${from} is absent (${reason}), after ${this.#passed}`);
    this.#passTo(from, `told that ${from} is absent`);
    for (let position = from; position <= to; position += 1) this.pages?.gaps.set(position, reason);
    this.#passed = Math.max(this.#passed, to);
    return false;
  }

  /** The program starts again with what it has stored. */
  restarted(saved: SavedPosition | undefined): void {
    this.#next = undefined;
    this.#failed.clear();
    this.#inHand.clear();
    this.#epoch = saved?.epoch;
    this.#passed = saved?.position ?? 0;
  }

  #begin({ epoch, position }: SavedPosition, isTold: boolean): void {
    this.#next = undefined;
    this.#failed.clear();
    this.#inHand.clear();
    this.#epoch = epoch;
    this.#passed = position;
    const known = this.#epochs.get(epoch);
    if (known === undefined) this.#epochs.set(epoch, new EpochPages(position, isTold));
    // It was told before, and had not stored that when it crashed.
    else if (isTold) for (let gap = known.start + 1; gap <= position; gap += 1) known.gaps.set(gap, 'hole');
  }

  /** What lies between must be own messages that are stored. */
  #passTo(position: Position, how: string): void {
    for (let between = this.#passed + 1; between < position; between += 1)
      if (this.pages?.own.has(between) !== true)
        this.#breach(`${between} was passed over before it was ${how}`);
    this.#passed = Math.max(this.#passed, position);
  }

  #breach(text: string): void {
    this.#onBreach(`${this.#name}: ${text}`);
  }
}
