import { contentDigest } from '@imcore/protocol';
import { type BytesUnderWay, bytesOf } from '../delivery/bytes-under-way.js';
import type { Delivery, DeliveryInbox, DeliveryState } from '../delivery/delivery.js';
import type { Entry } from '../ports/message-store.js';
import { InFlight } from './in-flight.js';
import type { Outlet } from './outlet.js';

/**
 * Maximum memory for messages that are in flight to one session and also in the store, in bytes. Further ones are removed
 * from memory and replayed later.
 */
export const MAX_STORED_IN_FLIGHT_BYTES = 1024 * 1024;

/** The device that an inbox belongs to, as the inbox sees it. */
interface InboxOwner {
  readonly session: Outlet | undefined;
  readonly underWay: BytesUnderWay;
}

/** The messages that one device was sent and has not acknowledged, oldest first. In memory only. */
export class Inbox implements DeliveryInbox {
  readonly #owner: InboxOwner;
  readonly #inFlight = new InFlight();
  #pending = 0;
  #persistedBytes = 0;

  constructor(owner: InboxOwner) {
    this.#owner = owner;
  }

  get session(): Outlet | undefined {
    return this.#owner.session;
  }

  get size(): number {
    return this.#inFlight.size;
  }

  /** Whether any message has not been offered to the store. */
  get hasPending(): boolean {
    return this.#pending > 0;
  }

  get persistedBytes(): number {
    return this.#persistedBytes;
  }

  get hasTooMuchStored(): boolean {
    const max = Math.min(MAX_STORED_IN_FLIGHT_BYTES, this.#owner.underWay.freeForReceiver);
    return this.#persistedBytes > max;
  }

  /** Returns false if a message of the same sender with this fingerprint is already in the inbox. */
  add(fingerprint: string, delivery: Delivery): boolean {
    if (!this.#inFlight.add(fingerprint, delivery)) return false;
    delivery.inbox = this;
    this.#count(delivery, delivery.state, 1);
    return true;
  }

  /** Removes and returns the message that `from` sent with this fingerprint; without `from`, the first one with it. */
  take(fingerprint: string, from: string | undefined): Delivery | undefined {
    const delivery = this.#inFlight.take(fingerprint, from);
    if (delivery !== undefined) this.#removed(delivery);
    return delivery;
  }

  /**
   * Keeps the position of a message in the inbox, which is confirmed with its acknowledgement: a dead letter that is resent gets a
   * new one, and a message that was not stored here may be stored by another server, which got a copy of it. Returns false if the
   * message in the inbox has another content.
   */
  isStoredAs({ position, fingerprint, from, body }: Entry): boolean {
    const delivery = this.#inFlight.find(fingerprint, from);
    if (delivery !== undefined && contentDigest(delivery.body) !== contentDigest(body)) return false;
    if (delivery !== undefined) delivery.position = position;
    return true;
  }

  remove(delivery: Delivery): void {
    if (delivery.fingerprint !== undefined) this.#inFlight.remove(delivery.fingerprint, delivery);
    this.#removed(delivery);
  }

  /** Removes and returns everything, oldest first. */
  drain(): readonly Delivery[] {
    const all = this.#inFlight.drain();
    for (const delivery of all) delivery.inbox = undefined;
    this.#pending = 0;
    this.#owner.underWay.addOfReceiver(-this.#persistedBytes);
    this.#persistedBytes = 0;
    return all;
  }

  /** Everything, oldest first. */
  values(): Iterable<Delivery> {
    return this.#inFlight.values();
  }

  isAmongOldest(delivery: Delivery, count: number): boolean {
    let left = count;
    for (const older of this.values()) {
      if (older === delivery) return true;
      left -= 1;
      if (left === 0) return false;
    }
    return false;
  }

  stateChanged(delivery: Delivery, previous: DeliveryState): void {
    this.#count(delivery, previous, -1);
    this.#count(delivery, delivery.state, 1);
  }

  #removed(delivery: Delivery): void {
    delivery.inbox = undefined;
    this.#count(delivery, delivery.state, -1);
  }

  #count({ body }: Delivery, state: DeliveryState, sign: 1 | -1): void {
    if (state === 'pending') this.#pending += sign;
    else if (state === 'persisted') this.#countPersisted(sign * bytesOf(body));
  }

  /** All others are counted for their senders, who are not acknowledged yet. */
  #countPersisted(bytes: number): void {
    this.#persistedBytes += bytes;
    this.#owner.underWay.addOfReceiver(bytes);
  }
}
