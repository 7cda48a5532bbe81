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
  /** Returns the value of `sm`; undefined if the server does not stamp its time. */
  readonly stamp: (() => number) | undefined;
  /** Returns the device with this id; undefined if it never had a session. */
  findDevice(id: string): Device | undefined;
  /** The duplicate window of the messages that this user sends. */
  duplicates(now: Instant): DuplicateWindow;
  /** A hook is being asked about one of this user's messages: later packets wait, on all sessions of the user. */
  awaits(answer: Promise<void>): Promise<void>;
  /** A message of this user was handled: a copy of it is only acknowledged. */
  handled(fingerprint: string, to: string, now: Instant): void;
  /** A message of this user was not handled: its next copy is a new message. */
  notHandled(fingerprint: string, to: string): void;
}

/**
 * One device of a user: at most one session, and the messages that it has not acknowledged.
 *
 * As the origin of a message it gets the acknowledgement on its current session, even if an earlier session sent the message.
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

  /** The messages that it was sent and has not acknowledged; undefined if it was never sent any. */
  get inbox(): Inbox | undefined {
    return this.#inbox;
  }

  /** Returns the inbox; creates it if there is none. */
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

  /** Looks the device up again: a named device that went offline and came back has a new `Device` object. */
  #answer(body: BinaryString): void {
    const session = this.session ?? this.user.findDevice(this.id)?.session;
    session?.answer(body);
  }
}
