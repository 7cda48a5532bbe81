import {
  type BinaryString,
  type Digest,
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
  /** Scratch pad of all windows. */
  readonly digest: Digest;
  /** Gives the value of `sm` where the server stamps its time. */
  readonly stamp: (() => number) | undefined;
  /** Fingerprints remembered of all users together who are not online. */
  readonly maxRememberedAway: number;
  /** Called when fingerprints of a user were forgotten before their time. */
  readonly onForgotten: (user: User, limit: 'maxRemembered' | 'maxRememberedAway') => void;
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
  #awaited: Promise<void> | undefined = undefined;

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
    this.#duplicates ??= new DuplicateWindow(now, limits, this.#parts.digest);
    return this.#duplicates;
  }

  /** A message of this user needs no further handling: a repetition is only acknowledged. */
  handled(fingerprint: string, to: string, now: Instant): void {
    const forgotten = this.#duplicates?.finish(fingerprint, to, now) ?? 0;
    if (forgotten > 0) this.#parts.onForgotten(this, 'maxRemembered');
  }

  responsible(delivery: Delivery, _outcome: string, now: Instant, acknowledgement?: BinaryString): void {
    if (delivery.fingerprint === undefined) return;
    this.handled(delivery.fingerprint, delivery.to, now);
    if (acknowledgement !== undefined && this.#parts.stamp === undefined)
      this.mailbox.session?.send(acknowledgement);
    else this.acknowledge(delivery.fingerprint, delivery.to, delivery.packet.bridge);
  }

  failed(delivery: Delivery): void {
    if (delivery.fingerprint !== undefined) this.#duplicates?.refuse(delivery.fingerprint, delivery.to);
  }

  /** Fingerprints of this user that are remembered. */
  get remembered(): number {
    return this.#duplicates?.remembered ?? 0;
  }

  /** An answer about one of this user's messages is awaited: what comes behind must wait, on any session. */
  awaits(answer: Promise<void>): Promise<void> {
    const awaited = answer.then(() => {
      if (this.#awaited === awaited) this.#awaited = undefined;
    });
    this.#awaited = awaited;
    return awaited;
  }

  /** The answer that is awaited, if any. */
  get awaited(): Promise<void> | undefined {
    return this.#awaited;
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
