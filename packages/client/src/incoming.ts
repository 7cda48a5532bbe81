import {
  acknowledgementPacket,
  type DuplicateWindowLimits,
  encodePacket,
  type Instant,
  type Packet,
  PacketType,
  UNSET_ID,
} from '@imcore/protocol';
import type { Message } from './message.js';
import { SeenMessages } from './seen-messages.js';

/** What to do with a received packet. */
interface Arrival {
  /** The acknowledgement to write first. */
  readonly acknowledgement?: string;
  /** The message for the application. */
  readonly message?: Message;
  /** The key of a held message, which is acknowledged when it was handled. */
  readonly hold?: string | undefined;
  /** Whether the packet is processed further. */
  readonly isUsable: boolean;
}

const DROPPED: Arrival = { isUsable: false };

/**
 * The receiving side of a client: acknowledges every copy of a packet and returns each message once.
 *
 * With `isHolding`, a message is acknowledged when the application has handled it. If `maxHeld` messages are held,
 * further messages are ignored and not acknowledged, so that their sender keeps them.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class Incoming {
  isHolding = false;
  readonly #limits: DuplicateWindowLimits;
  readonly #maxHeld: number;
  readonly #held = new Map<string, Packet>();
  #seen: SeenMessages | undefined;

  constructor(limits: DuplicateWindowLimits, maxHeld: number) {
    this.#limits = limits;
    this.#maxHeld = maxHeld;
  }

  /** Processes a packet of any type: acknowledges it if it has QoS, and returns the message of a data packet. */
  receive(packet: Packet, now: Instant): Arrival {
    const { fp } = packet;
    const isData = packet.type === PacketType.Data;
    if (!packet.QoS) return { isUsable: true, ...(isData && { message: toMessage(packet) }) };
    // Without a fingerprint it cannot be acknowledged.
    if (fp === undefined) return DROPPED;
    const acknowledgement = encodePacket(acknowledgementPacket(packet));
    if (!isData) return { acknowledgement, isUsable: true };
    const hold = keyOf(packet, fp);
    if (this.#held.has(hold)) return DROPPED;
    const seen = this.#seenMessages(now);
    if (seen.has(hold)) return { acknowledgement, isUsable: true };
    const message = toMessage(packet);
    if (!this.isHolding) {
      seen.add(hold, now);
      return { acknowledgement, message, isUsable: true };
    }
    if (this.#held.size >= this.#maxHeld) return DROPPED;
    this.#held.set(hold, packet);
    return { message, hold, isUsable: true };
  }

  /** Marks a held message as handled. Returns its acknowledgement; undefined if it is not held. */
  handled(hold: string, now: Instant): string | undefined {
    const packet = this.#held.get(hold);
    if (packet === undefined) return undefined;
    this.#held.delete(hold);
    this.#seenMessages(now).add(hold, now);
    return encodePacket(acknowledgementPacket(packet));
  }

  /** Releases a held message that was not handled: its next copy counts as new. */
  released(hold: string): void {
    this.#held.delete(hold);
  }

  /** Marks messages of an earlier run as received, by their keys. */
  markSeen(holds: readonly string[], now: Instant): void {
    for (const hold of holds) this.#seenMessages(now).add(hold, now);
  }

  /** Forgets all messages, because another user logs in. */
  forget(): void {
    this.#seen = undefined;
    this.#held.clear();
  }

  #seenMessages(now: Instant): SeenMessages {
    this.#seen ??= new SeenMessages(now, this.#limits);
    return this.#seen;
  }
}

/** The key of a message. Fingerprints are unique per sender only. */
function keyOf({ from = '' }: Packet, fp: string): string {
  return `${from.length}:${from}${fp}`;
}

function toMessage({ from, to, dataContent, typeu, fp }: Packet): Message {
  return {
    from: from ?? UNSET_ID,
    to: to ?? UNSET_ID,
    content: dataContent ?? '',
    type: typeu,
    fingerprint: fp,
  };
}
