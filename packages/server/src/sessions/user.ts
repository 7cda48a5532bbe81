import {
  type BinaryString,
  DuplicateWindow,
  type DuplicateWindowLimits,
  encodeFrameBody,
  type Instant,
  PacketType,
  UNSET_NUMBER,
} from '@imcore/protocol';
import type { Delivery } from '../delivery/delivery.js';
import { Mailbox } from '../delivery/mailbox.js';
import type { Origin } from '../delivery/origin.js';
import type { DeadlineRing, RingEntry } from '../scheduling/deadline-queue.js';
import type { LiveSession } from './live-session.js';

export interface UserParts {
  /** Gives the value of `sm` where the server stamps its time. */
  readonly stamp: (() => number) | undefined;
  /** Called when a user has sent so much that fingerprints were forgotten before their time. */
  readonly onForgotten: (user: User) => void;
}

/**
 * What this server knows of one user, across sessions: what waits for it, and which of its own messages were seen.
 *
 * As an origin it is acknowledged on its current session, whichever session the message came from. Outlives the
 * last session for as long as its fingerprints are remembered.
 */
export class User implements Origin, RingEntry {
  readonly id: string;
  readonly mailbox = new Mailbox();
  readonly asksHook = true;
  #duplicates: DuplicateWindow | undefined = undefined;
  readonly #parts: UserParts;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(id: string, parts: UserParts) {
    this.id = id;
    this.#parts = parts;
  }

  /** The window of what this user has sent. */
  duplicates(now: Instant, limits: DuplicateWindowLimits): DuplicateWindow {
    this.#duplicates ??= new DuplicateWindow(now, limits);
    return this.#duplicates;
  }

  /** A message of this user needs no further handling: a repetition is only acknowledged. */
  handled(fingerprint: string, now: Instant): void {
    const forgotten = this.#duplicates?.finish(fingerprint, now) ?? 0;
    if (forgotten > 0) this.#parts.onForgotten(this);
  }

  responsible(delivery: Delivery, _outcome: string, now: Instant, acknowledgement?: BinaryString): void {
    if (delivery.fingerprint === undefined) return;
    this.handled(delivery.fingerprint, now);
    if (acknowledgement !== undefined && this.#parts.stamp === undefined)
      this.mailbox.session?.send(acknowledgement);
    else this.acknowledge(delivery.fingerprint, delivery.to, delivery.packet.bridge);
  }

  failed(delivery: Delivery): void {
    if (delivery.fingerprint !== undefined) this.#duplicates?.refuse(delivery.fingerprint);
  }

  waitFor(receiver: LiveSession): void {
    this.mailbox.session?.waitFor(receiver);
  }

  /** Writes a type 4 packet on behalf of `by`. */
  acknowledge(fingerprint: string, by: string, bridge: boolean): void {
    this.mailbox.session?.send(
      encodeFrameBody({
        type: PacketType.Acknowledgement,
        dataContent: fingerprint,
        from: by,
        to: this.id,
        fp: undefined,
        QoS: false,
        typeu: UNSET_NUMBER,
        bridge,
        sm: this.#parts.stamp?.() ?? UNSET_NUMBER,
      }),
    );
  }
}
