import type { UndeliveredReason } from '../events.js';
import type { AppendResult } from '../ports/message-store.js';
import type { CourierParts } from './courier-parts.js';
import type { Delivery } from './delivery.js';
import type { LastResort } from './last-resort.js';
import { type Mailbox, takeBack } from './mailbox.js';
import type { Replays } from './replays.js';
import type { StoreWriter } from './store-writer.js';
import { StoredNotices } from './stored-notices.js';
import { tellDeleted, tellDisplaced, tellFull } from './told-limits.js';

/**
 * Stored messages that stay in memory beside the store for one session that does not acknowledge them, in bytes. Those
 * beyond are left to the replay.
 */
export const MAX_STORED_IN_FLIGHT_BYTES = 1024 * 1024;

/** Gives messages into the store's hands, and sees to it that somebody is responsible whatever it answers. */
export class StoreKeeper {
  /** Whether everything is stored at once, for the store's history, also what goes to its receiver. */
  readonly keepsHistory: boolean;
  readonly #parts: CourierParts;
  readonly #writer: StoreWriter;
  readonly #replays: Replays;
  readonly #lastResort: LastResort;
  readonly #notices: StoredNotices;

  constructor(parts: CourierParts, writer: StoreWriter, replays: Replays, lastResort: LastResort) {
    this.#parts = parts;
    this.keepsHistory = parts.store?.keepsHistory ?? false;
    this.#writer = writer;
    this.#replays = replays;
    this.#lastResort = lastResort;
    this.#notices = new StoredNotices(parts);
    parts.store?.onDeadLettersDeleted((letters) => tellDeleted(parts, letters));
  }

  /** Gives a QoS message to the store. While it is in flight its receiver still may acknowledge it. */
  keep(delivery: Delivery): void {
    const { to, from, body, fingerprint, mailbox } = delivery;
    if (fingerprint === undefined) {
      this.#lastResort.take(delivery, 'store');
      return;
    }
    if (mailbox === undefined) delivery.custody = 'storing';
    else mailbox.pass(delivery, 'storing');
    const acceptedAt = this.#parts.clock.wallTime();
    this.#writer.append({ to, from, body, fingerprint, acceptedAt }, (result) => {
      if (result === undefined) this.#refused(delivery, 'store');
      else if (result.outcome === 'full') {
        tellFull(this.#parts, delivery, result.limit);
        this.#refused(delivery, 'queue-full');
      } else this.#kept(delivery, result);
      const isHere = delivery.mailbox !== undefined || delivery.custody === 'received';
      if (isHere || result?.outcome === 'full') this.#replays.goOn(to);
      // What failed may have been done all the same, and only its answer was lost.
      else if (result === undefined) this.#replays.of(to)?.look();
      else this.#replays.of(to)?.wake();
    });
  }

  /** What is here already goes to the store first: the order there is the order in which messages came. */
  keepBehind(delivery: Delivery, mailbox: Mailbox): void {
    this.keepAll(mailbox);
    this.keep(delivery);
  }

  /** Gives the store what is in flight, then what stands in line. */
  keepAll(mailbox: Mailbox): void {
    if (mailbox.hasUnoffered) {
      for (const earlier of mailbox.values()) if (earlier.custody === 'memory') this.keep(earlier);
    }
    mailbox.replay?.fallBehind();
    for (const queued of mailbox.leaveLine()) this.keep(queued);
  }

  /** The store has it and the receiver does not seem to take it: the replay will bring it once there is room. */
  leaveToReplay(delivery: Delivery): void {
    takeBack(delivery, this.#parts.metrics);
    this.#notices.add(delivery);
    if (delivery.storeId !== undefined) this.#replays.of(delivery.to)?.rewind(delivery.storeId);
  }

  /** A message that the store has is no longer in a session's hands. */
  leftBehind(delivery: Delivery): void {
    this.#notices.add(delivery);
  }

  /** Resolves when the store and the application have been told everything. */
  async settled(): Promise<void> {
    await this.#writer.idle();
    await this.#notices.end();
  }

  #kept(delivery: Delivery, result: Exclude<AppendResult, { outcome: 'full' }>): void {
    const { id, outcome } = result;
    if (outcome === 'stored' && result.displaced !== undefined) tellDisplaced(this.#parts, result.displaced);
    const { metrics, events } = this.#parts;
    if (delivery.custody === 'received') {
      if (id !== undefined) this.#writer.confirm(delivery.to, id);
      this.#receivedMeanwhile(delivery);
      return;
    }
    const { mailbox } = delivery;
    delivery.storeId = id;
    metrics.messagesStored += 1;
    if (mailbox === undefined) delivery.custody = 'stored';
    else mailbox.pass(delivery, 'stored');
    delivery.origin.responsible(delivery, 'stored', this.#parts.clock.now());
    if (events.has('stored')) events.emit('stored', delivery.message);
    if (outcome === 'stored' && mailbox === undefined) this.#notices.add(delivery);
    if (delivery.mailbox !== undefined && delivery.mailbox.storedBytes > MAX_STORED_IN_FLIGHT_BYTES)
      this.leaveToReplay(delivery);
  }

  /** With a history the acknowledgement waits for the store, so that what was acknowledged is in it. */
  #receivedMeanwhile(delivery: Delivery): void {
    if (this.keepsHistory) delivery.origin.responsible(delivery, 'received', this.#parts.clock.now());
  }

  /** A message that is with its receiver may still be acknowledged; any other is undeliverable now. */
  #refused(delivery: Delivery, reason: UndeliveredReason): void {
    if (delivery.custody === 'received') this.#receivedMeanwhile(delivery);
    else if (delivery.mailbox === undefined) this.#lastResort.take(delivery, reason);
    else delivery.mailbox.pass(delivery, 'refused');
  }
}
