import type { BinaryString, DuplicateKey, Instant, Packet } from '@imcore/protocol';
import { InternalError } from '../errors.js';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import { type Message, toMessage } from '../message.js';
import type { Position } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { StoredAs } from '../users/log-feed.js';
import type { Outlet } from '../users/outlet.js';

/**
 * Who is responsible for a message.
 *
 * - `pending`: the sender.
 * - `persisting`: the sender; the store has been asked and has not answered.
 * - `rejected`: the sender; the store did not accept the message. It is asked again when the next copy is written.
 * - `persisted`: the store, or the application, whose hook `onUndeliverable` took it.
 * - `acknowledged`: the receiver, or the other system behind a bridge.
 * - `dropped`: the sender, who was not acknowledged. The server has given the message up.
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
 * Where a message came from. It gets the outcome: exactly one of `accepted` and `failed` is called for each delivery, once.
 */
export interface Origin {
  /**
   * When the session that sends logged in at this server, a number of `Ticks`. Undefined without a cluster, and for an origin
   * that cannot have sent at another server.
   */
  readonly since?: number | undefined;
  /** Whether its messages go through logs, because the sender has or may have a named device. Default: false. */
  readonly usesLog?: boolean;
  /** Whether `usesLog` may become false: the store has not told yet. Default: false. */
  readonly isLogUnknown?: boolean;
  /** Whether `onUndeliverable` is called for its messages. Not for those of `ImServer.send`, whose caller gets an error. */
  readonly asksHook: boolean;
  /** The sender is no longer responsible. `acknowledgement`: the receiver's own frame, if it can be forwarded unchanged. */
  accepted(delivery: Delivery, outcome: SendOutcome, now: Instant, acknowledgement?: BinaryString): void;
  /** The message was dropped. */
  failed(delivery: Delivery, reason: UndeliveredReason): void;
  /** The receiver reads too slowly: nothing more is read from this origin until the receiver has caught up. */
  waitFor(receiver: Outlet): void;
}

/** The inbox that a delivery is in, as the delivery sees it. */
export interface DeliveryInbox {
  /** The session that the messages are written to; undefined if there is none. */
  readonly session: Outlet | undefined;
  /** Memory used by messages that are also in the store, in bytes. */
  readonly persistedBytes: number;
  /** Whether they are too many: the newest must leave the memory. */
  readonly hasTooMuchStored: boolean;
  /** Removes a delivery. */
  remove(delivery: Delivery): void;
  /** Whether a delivery is one of the `count` oldest in the inbox. */
  isAmongOldest(delivery: Delivery, count: number): boolean;
  /** Called after each change of a delivery's state. */
  stateChanged(delivery: Delivery, previous: DeliveryState): void;
}

/**
 * One message on its way to one receiver.
 *
 * It is in at most one deadline ring and in at most one inbox. {@link moveTo} alone changes its state.
 */
export class Delivery implements RingEntry {
  readonly packet: Packet;
  readonly body: BinaryString;
  readonly from: string;
  readonly to: string;
  /** Undefined without QoS: then no acknowledgement is expected. */
  readonly fingerprint: string | undefined;
  readonly origin: Origin;
  readonly #reportBug: (error: Error) => void;
  #state: DeliveryState;
  /** Copies written to sessions so far. */
  attempts = 0;
  /** Its place in the receiver's log; undefined if the store does not have it. */
  position: Position | undefined = undefined;
  /** Where it is in the log of its sender; undefined if it is not there. */
  stored: StoredAs | undefined = undefined;
  /** Its key in the duplicate window of its sender; undefined if the sender has none, or for a message without QoS. */
  duplicateKey: DuplicateKey | undefined = undefined;
  /** The inbox in which it waits for an acknowledgement; undefined if it is not in flight. */
  inbox: DeliveryInbox | undefined = undefined;

  /** The following fields belong to the `InFlight` of its inbox. */
  hash = 0;
  /** Whether a message of another sender with the same fingerprint was added before. */
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
   * Changes the state. A transition that {@link TRANSITIONS} does not allow is reported as a bug and ignored: returns false.
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

  /** Removes the delivery from its deadline ring and its inbox. */
  withdraw(): void {
    this.ring?.stop(this);
    this.inbox?.remove(this);
  }

  /** The message as applications see it. Decodes the content. */
  get message(): Message {
    return toMessage(this.packet, this.from);
  }
}
