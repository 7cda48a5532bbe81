import {
  type BinaryString,
  type DuplicateWindow,
  encodeFrameBody,
  type Instant,
  PacketType,
  UNSET_NUMBER,
} from '@imcore/protocol';
import type { Delivery, Origin } from '../delivery/delivery.js';
import type { SendOutcome } from '../hooks.js';
import { Inbox } from './inbox.js';
import type { Outlet } from './outlet.js';

/** The device that all sessions of v6 clients belong to. */
export const V6_DEVICE = '';

/** The user that a device belongs to, as the device sees it. */
export interface DeviceUser {
  readonly id: string;
  /** Gives the value of `sm` where the server stamps its time. */
  readonly stamp: (() => number) | undefined;
  /** The device with this id; undefined where it never had a session. */
  findDevice(id: string): Device | undefined;
  /** The window of what this user has sent. */
  duplicates(now: Instant): DuplicateWindow;
  /** An answer about one of this user's messages is awaited: what comes behind must wait, on any session. */
  awaits(answer: Promise<void>): Promise<void>;
  /** A message of this user needs no further handling: a repetition is only acknowledged. */
  handled(fingerprint: string, to: string, now: Instant): void;
  /** A message of this user came to nothing: its next copy is a new message. */
  notHandled(fingerprint: string, to: string): void;
}

/**
 * One device of a user: at most one session, and what that session has not acknowledged.
 *
 * As an origin it is acknowledged on its current session, whichever of its sessions the message came from.
 */
export class Device implements Origin {
  readonly id: string;
  readonly asksHook = true;
  readonly user: DeviceUser;
  session: Outlet | undefined = undefined;
  #inbox: Inbox | undefined = undefined;

  constructor(id: string, user: DeviceUser) {
    this.id = id;
    this.user = user;
  }

  /** What it was sent and has not acknowledged; undefined where it was never sent anything. */
  get inbox(): Inbox | undefined {
    return this.#inbox;
  }

  /** The inbox, made where there is none yet. */
  openInbox(): Inbox {
    this.#inbox ??= new Inbox(this);
    return this.#inbox;
  }

  accepted(delivery: Delivery, _outcome: SendOutcome, now: Instant, acknowledgement?: BinaryString): void {
    if (delivery.fingerprint === undefined) return;
    this.user.handled(delivery.fingerprint, delivery.to, now);
    if (acknowledgement !== undefined && this.user.stamp === undefined) this.#answer(acknowledgement);
    else this.acknowledge(delivery.fingerprint, delivery.to, delivery.packet.bridge);
  }

  failed(delivery: Delivery): void {
    if (delivery.fingerprint !== undefined) this.user.notHandled(delivery.fingerprint, delivery.to);
  }

  waitFor(receiver: Outlet): void {
    this.session?.waitFor(receiver);
  }

  /** Writes a type 4 packet on behalf of `by`. */
  acknowledge(fingerprint: string, by: string, bridge: boolean): void {
    this.#answer(
      encodeFrameBody({
        type: PacketType.Acknowledgement,
        dataContent: fingerprint,
        from: by,
        to: this.user.id,
        fp: undefined,
        QoS: false,
        typeu: UNSET_NUMBER,
        bridge,
        sm: this.user.stamp?.() ?? UNSET_NUMBER,
      }),
    );
  }

  /** A named device that went offline and came back has a new record. */
  #answer(body: BinaryString): void {
    const session = this.session ?? this.user.findDevice(this.id)?.session;
    session?.answer(body);
  }
}
