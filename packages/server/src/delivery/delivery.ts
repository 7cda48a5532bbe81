import type { BinaryString, Instant, Packet } from '@imcore/protocol';
import { InternalError } from '../errors.js';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import { type Message, toMessage } from '../message.js';
import type { StoreId } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { Outlet } from '../users/outlet.js';

/**
 * Who is responsible for a message.
 *
 * - `pending`: the sender still is; this server only carries it.
 * - `persisting`: the same, until the store has answered.
 * - `rejected`: the same, and the store did not take it. It is offered again with the next copy.
 * - `persisted`: the store, or the application by its `onUndeliverable` hook.
 * - `acknowledged`: its receiver, or the other system behind a bridge.
 * - `dropped`: nobody on this side; the sender was not acknowledged.
 */
export type DeliveryState = 'pending' | 'persisting' | 'rejected' | 'persisted' | 'acknowledged' | 'dropped';

/** The transitions that are allowed. Any other is a bug. */
export const TRANSITIONS: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  pending: ['acknowledged', 'persisting', 'persisted', 'dropped'],
  persisting: ['persisted', 'acknowledged', 'rejected', 'dropped'],
  rejected: ['persisting', 'acknowledged', 'dropped'],
  persisted: ['acknowledged'],
  acknowledged: [],
  dropped: [],
};

/**
 * Where a message came from, and who therefore learns its outcome. Each delivery calls exactly one of `accepted` and
 * `failed`, once.
 */
export interface Origin {
  /** Whether the `onUndeliverable` hook is asked for its messages; the server's own caller learns it directly. */
  readonly asksHook: boolean;
  /** Somebody is responsible for the message now. `acknowledgement` is the receiver's own frame, if it can be passed on. */
  accepted(delivery: Delivery, outcome: SendOutcome, now: Instant, acknowledgement?: BinaryString): void;
  /** Nobody is; the message is dropped. */
  failed(delivery: Delivery, reason: UndeliveredReason): void;
  /** The receiver reads too slowly: no more from this origin until it has caught up. */
  waitFor(receiver: Outlet): void;
}

/** The inbox in which a delivery waits for an acknowledgement, as the delivery sees it. */
export interface DeliveryInbox {
  /** The session that it was written to, while there is one. */
  readonly session: Outlet | undefined;
  /** What of the inbox the store has as well, in bytes: memory that could be given back. */
  readonly persistedBytes: number;
  /** Takes a delivery out. */
  remove(delivery: Delivery): void;
  /** Whether a delivery is one of the `count` that have waited here the longest. */
  isAmongOldest(delivery: Delivery, count: number): boolean;
  /** Learns of each change of a delivery's state. */
  stateChanged(delivery: Delivery, previous: DeliveryState): void;
}

/**
 * One message from accept to done.
 *
 * Waits in at most one deadline ring and in at most one inbox, and holds the bytes that are written rather than the
 * packet they were read from. {@link moveTo} is the only writer of its state.
 */
export class Delivery implements RingEntry {
  readonly packet: Packet;
  readonly body: BinaryString;
  readonly from: string;
  readonly to: string;
  /** Undefined without QoS: then nothing is awaited. */
  readonly fingerprint: string | undefined;
  readonly origin: Origin;
  readonly #reportBug: (error: Error) => void;
  #state: DeliveryState;
  /** Copies written to sessions so far. */
  attempts = 0;
  storeId: StoreId | undefined = undefined;
  /** The inbox in which it waits for an acknowledgement. */
  inbox: DeliveryInbox | undefined = undefined;

  /** Where it is in its inbox's `InFlight`, which owns these fields. */
  hash = 0;
  /** Whether another sender's message of the same fingerprint was there first. */
  isSecond = false;
  nextInBucket: Delivery | undefined = undefined;
  previousInFlight: Delivery | undefined = undefined;
  nextInFlight: Delivery | undefined = undefined;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(
    packet: Packet,
    body: BinaryString,
    from: string,
    to: string,
    origin: Origin,
    reportBug: (error: Error) => void,
    state: 'pending' | 'persisted' = 'pending',
  ) {
    this.packet = packet;
    this.body = body;
    this.from = from;
    this.to = to;
    this.fingerprint = packet.QoS ? packet.fp : undefined;
    this.origin = origin;
    this.#reportBug = reportBug;
    this.#state = state;
  }

  get state(): DeliveryState {
    return this.#state;
  }

  /**
   * Changes the state. Returns false for a transition that {@link TRANSITIONS} does not allow: it is reported, and nothing
   * changes.
   */
  moveTo(next: DeliveryState): boolean {
    const previous = this.#state;
    if (!TRANSITIONS[previous].includes(next)) {
      this.#reportBug(new InternalError(`a delivery to ${this.to} cannot go from ${previous} to ${next}`));
      return false;
    }
    this.#state = next;
    this.inbox?.stateChanged(this, previous);
    return true;
  }

  /** Stops waiting, for a deadline and in the inbox. */
  withdraw(): void {
    this.ring?.stop(this);
    this.inbox?.remove(this);
  }

  /** The message as applications see it. Decodes the content. */
  get message(): Message {
    return toMessage(this.packet, this.from);
  }
}
