import { contentDigest, type Instant } from '@imcore/protocol';
import { StoreError } from '../errors.js';
import type { AppendResult, MessageStore, Position, StoredMessage } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import { DevicePositions } from './device-positions.js';
import type { OnGivenUp } from './timed-store.js';

/** Maximum number of messages in one append. */
const MAX_BATCH = 2048;

/** Number of collected confirmations at which the rest between two calls ends early. */
const MAX_GATHERED = 1000;

const NONE: ReadonlySet<Position> = new Set();

/** What identifies a message. */
type MessageKey = Pick<StoredMessage, 'to' | 'from' | 'body'> & { readonly fingerprint: string | undefined };

/** Called with the result of an append; with `undefined` if the store failed. */
type StoreAnswer = (result: AppendResult | undefined) => void;

/** A message that waits to be appended. */
interface Waiting {
  readonly message: StoredMessage;
  readonly answer: StoreAnswer;
  readonly onLate: ((result: AppendResult) => void) | undefined;
}

/** The calls of a store that a {@link StoreWriter} makes. */
interface WritableStore extends Pick<MessageStore, 'confirm' | 'advance'> {
  append(
    messages: readonly StoredMessage[],
    onGivenUp?: OnGivenUp<readonly AppendResult[]>,
  ): Promise<readonly AppendResult[]>;
}

/**
 * Calls the store in batches. Messages are appended in the order in which they come; those that come during one append are
 * appended by the next. Confirmations of all users are collected as well, and between two calls there is a rest: no sender
 * waits for them, and a message that is confirmed late is at worst replayed to a receiver who recognizes the duplicate.
 *
 * If the store does not answer an append in time, the messages that wait behind it fail with it: they would only wait for
 * the same store, and longer than their senders retransmit.
 */
export class StoreWriter implements RingEntry {
  readonly #store: WritableStore;
  readonly #onError: (error: unknown) => void;
  #waiting: Waiting[] = [];
  #confirmations = new Map<string, Set<Position>>();
  readonly #positions = new DevicePositions();
  /** The confirmations of the current call. */
  #underWay: ReadonlyMap<string, ReadonlySet<Position>> = new Map();
  /** Messages that a route is delivering elsewhere, and that a replay skips meanwhile. */
  readonly #held = new Set<string>();
  /** Messages that their receivers have acknowledged, and whose append the store has not answered. */
  readonly #received = new Set<string>();
  readonly #pendingByUser = new Map<string, number>();
  #isWriting = false;
  #isConfirming = false;
  /** Whether confirmations wait for {@link resume}: between two calls, or after one that failed. */
  #isResting = false;
  #gathered = 0;
  #onIdle: (() => void)[] = [];
  #onRest: ((writer: StoreWriter, after: 'success' | 'failure') => void) | undefined = undefined;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(store: WritableStore, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** Number of appends for this user that the store has not answered. */
  pendingFor(userId: string): number {
    return this.#pendingByUser.get(userId) ?? 0;
  }

  /**
   * Appends a message. `onLate` is called if the store was given up, which `answer` was told as a failure, and has stored the
   * message after all.
   */
  append(message: StoredMessage, answer: StoreAnswer, onLate?: (result: AppendResult) => void): void {
    this.#waiting.push({ message, answer, onLate });
    this.#pendingByUser.set(message.to, this.pendingFor(message.to) + 1);
    if (this.#isWriting) return;
    this.#isWriting = true;
    queueMicrotask(() => void this.#write());
  }

  confirm(userId: string, position: Position): void {
    const positions = this.#confirmations.get(userId);
    if (positions === undefined) this.#confirmations.set(userId, new Set([position]));
    else positions.add(position);
    this.#gather();
  }

  /** A named device has its log up to a position. Sent with the confirmations. */
  advance(userId: string, deviceId: string, position: Position): void {
    this.#positions.advance(userId, deviceId, position);
    this.#gather();
  }

  /** Sets the listener that is called after each confirmation, and calls {@link resume} later. Without it there is no rest. */
  onRest(start: (writer: StoreWriter, after: 'success' | 'failure') => void): void {
    this.#onRest = start;
  }

  /** Ends the rest: sends what has been collected, and what failed before. */
  resume(): void {
    this.#isResting = false;
    if (this.#isConfirming || (this.#confirmations.size === 0 && this.#positions.isEmpty)) return;
    this.#isConfirming = true;
    void this.#confirmAll();
  }

  /** A route is delivering a stored message elsewhere: replays skip it until {@link release}. */
  hold(userId: string, position: Position): void {
    this.#held.add(heldKey(userId, position));
  }

  release(userId: string, position: Position): void {
    this.#held.delete(heldKey(userId, position));
  }

  isHeld(userId: string, position: Position): boolean {
    return this.#held.has(heldKey(userId, position));
  }

  /** The receiver has acknowledged a message whose append the store has not answered. {@link wasReceived} is true until then. */
  received(message: MessageKey): void {
    this.#received.add(receivedKey(message));
  }

  wasReceived(message: MessageKey): boolean {
    return this.#received.size > 0 && this.#received.has(receivedKey(message));
  }

  /** The user's confirmations that the store has not answered. A snapshot. */
  confirmingFor(userId: string): ReadonlySet<Position> {
    const gathered = this.#confirmations.get(userId);
    const underWay = this.#underWay.get(userId);
    return gathered === undefined && underWay === undefined
      ? NONE
      : new Set([...(gathered ?? []), ...(underWay ?? [])]);
  }

  /** Whether a message is held, or its confirmation has not been answered. */
  isConfirming(userId: string, position: Position): boolean {
    if (this.#held.size > 0 && this.isHeld(userId, position)) return true;
    const gathered = this.#confirmations.get(userId);
    return gathered?.has(position) === true || this.#underWay.get(userId)?.has(position) === true;
  }

  /** Resolves when the store has answered everything. From now on there are no rests. */
  idle(): Promise<void> {
    this.#onRest = undefined;
    this.resume();
    if (!this.#isWriting && !this.#isConfirming) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Calls the store, unless it has been called just now. */
  #gather(): void {
    this.#gathered += 1;
    if (this.#isConfirming || (this.#isResting && this.#gathered < MAX_GATHERED)) return;
    this.#isConfirming = true;
    queueMicrotask(() => void this.#confirmAll());
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      let results: readonly AppendResult[] = [];
      try {
        const messages = batch.map(({ message }) => message);
        results = await this.#store.append(messages, () => (late) => storedLate(batch, late));
      } catch (error) {
        this.#onError(error);
        if (isTimeout(error)) batch.push(...this.#waiting.splice(0));
      }
      for (const [index, { message, answer }] of batch.entries()) {
        this.#answered(message.to);
        answer(results[index]);
        if (this.#received.size > 0) this.#received.delete(receivedKey(message));
      }
    }
    this.#isWriting = false;
    this.#checkIdle();
  }

  async #confirmAll(): Promise<void> {
    this.#underWay = this.#confirmations;
    this.#confirmations = new Map();
    this.#gathered = 0;
    const advances = this.#positions.take();
    let after: 'success' | 'failure' = 'success';
    try {
      const confirmations = Array.from(this.#underWay, ([userId, positions]) => {
        return { userId, positions: [...positions] };
      });
      if (confirmations.length > 0) await this.#store.confirm(confirmations);
      if (advances.length > 0) await this.#store.advance(advances);
    } catch (error) {
      after = 'failure';
      this.#keepForLater(this.#underWay);
      for (const { userId, deviceId, position } of advances)
        this.#positions.advance(userId, deviceId, position);
      this.#onError(error);
    }
    this.#underWay = new Map();
    this.#isConfirming = false;
    if (this.#onRest !== undefined) {
      this.#isResting = true;
      this.#onRest(this, after);
    } else if (after === 'success') this.resume();
    this.#checkIdle();
  }

  #keepForLater(failed: ReadonlyMap<string, ReadonlySet<Position>>): void {
    for (const [userId, positions] of failed) {
      this.#confirmations.set(userId, new Set([...(this.#confirmations.get(userId) ?? []), ...positions]));
    }
  }

  #answered(userId: string): void {
    const left = this.pendingFor(userId) - 1;
    if (left > 0) this.#pendingByUser.set(userId, left);
    else this.#pendingByUser.delete(userId);
  }

  #checkIdle(): void {
    if (this.#isWriting || this.#isConfirming) return;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'ERR_STORE_TIMED_OUT';
}

/** The store has answered an append that was given up. */
function storedLate(batch: readonly Waiting[], results: readonly AppendResult[] | undefined): void {
  for (const [index, result] of results?.entries() ?? [])
    if (result.outcome !== 'full') batch[index]?.onLate?.(result);
}

function receivedKey({ to, from, fingerprint, body }: MessageKey): string {
  return `${to.length} ${from.length} ${contentDigest(body)} ${to}${from}${fingerprint}`;
}

function heldKey(userId: string, position: Position): string {
  return `${position} ${userId}`;
}
