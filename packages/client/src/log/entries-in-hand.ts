import type { LogDelivery } from '@imcore/protocol';
import type { Effect } from '../effects.js';
import { type Entry, fieldsOfEntry } from './entry.js';

/**
 * The messages of a log that were emitted and are not handled: at most a window of the server. Those whose handling has failed
 * are kept until they are emitted again.
 */
export class EntriesInHand {
  readonly #effects: Effect[];
  readonly #handling = new Map<LogDelivery, Entry>();
  readonly #failed = new Map<LogDelivery, Entry>();

  /** Appends `message` to `effects`. */
  constructor(effects: Effect[]) {
    this.#effects = effects;
  }

  emit(entry: Entry, delivery: LogDelivery, userId: string): void {
    this.#handling.set(delivery, entry);
    this.#effects.push({ kind: 'message', message: fieldsOfEntry(entry, userId), hold: delivery });
  }

  /** The handling of a message has ended. Returns whether it was being handled. */
  finish(delivery: LogDelivery, isHandled: boolean): boolean {
    const entry = this.#handling.get(delivery);
    if (entry === undefined) return false;
    this.#handling.delete(delivery);
    if (!isHandled) this.#failed.set(delivery, entry);
    return true;
  }

  /** Emits messages again whose handling has failed. */
  emitFailed(from: number, to: number, userId: string): void {
    for (const [delivery, entry] of this.#failed) {
      if (delivery.position < from || delivery.position > to) continue;
      this.#failed.delete(delivery);
      this.emit(entry, delivery, userId);
    }
  }

  forget(): void {
    this.#handling.clear();
    this.#failed.clear();
  }
}
