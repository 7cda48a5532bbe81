import {
  acknowledgementPacket,
  type DuplicateWindowLimits,
  encodePacket,
  type Instant,
  type Packet,
  PacketType,
  UNSET_ID,
} from '@imcore/protocol';
import { HandedOn } from './handed-on.js';
import type { Message } from './message.js';

/** What a received packet calls for. */
interface Arrival {
  /** The acknowledgement to write first. */
  readonly acknowledgement?: string;
  /** The message to hand on. */
  readonly message?: Message;
  /** Names the message until it was handled; only then it is acknowledged. */
  readonly hold?: string | undefined;
  /** Whether the packet may be looked at further. */
  readonly isUsable: boolean;
}

const DROPPED: Arrival = { isUsable: false };

/**
 * A client as receiver: acknowledges every copy of a packet, hands each message on once.
 *
 * Where messages are held, one is acknowledged when the application has handled it. While too many are held, more are
 * neither taken nor acknowledged: their sender keeps them.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class Incoming {
  isHolding = false;
  readonly #limits: DuplicateWindowLimits;
  readonly #maxHeld: number;
  readonly #held = new Map<string, Packet>();
  #handedOn: HandedOn | undefined;

  constructor(limits: DuplicateWindowLimits, maxHeld: number) {
    this.#limits = limits;
    this.#maxHeld = maxHeld;
  }

  /** A packet of any type: whichever asks for it is acknowledged; data is handed on. */
  arrive(packet: Packet, now: Instant): Arrival {
    const { fp } = packet;
    const isData = packet.type === PacketType.Data;
    if (!packet.QoS) return { isUsable: true, ...(isData && { message: toMessage(packet) }) };
    // A packet that asks for an acknowledgement and cannot be told apart.
    if (fp === undefined) return DROPPED;
    const acknowledgement = encodePacket(acknowledgementPacket(packet));
    if (!isData) return { acknowledgement, isUsable: true };
    const hold = nameOf(packet, fp);
    if (this.#held.has(hold)) return DROPPED;
    const handedOn = this.#remembered(now);
    if (handedOn.has(hold)) return { acknowledgement, isUsable: true };
    const message = toMessage(packet);
    if (!this.isHolding) {
      handedOn.add(hold, now);
      return { acknowledgement, message, isUsable: true };
    }
    if (this.#held.size >= this.#maxHeld) return DROPPED;
    this.#held.set(hold, packet);
    return { message, hold, isUsable: true };
  }

  /** Returns the acknowledgement of a message that was held; undefined where that is over. */
  handled(hold: string, now: Instant): string | undefined {
    const packet = this.#held.get(hold);
    if (packet === undefined) return undefined;
    this.#held.delete(hold);
    this.#remembered(now).add(hold, now);
    return encodePacket(acknowledgementPacket(packet));
  }

  /** A message was not handled after all: its next copy is new. */
  released(hold: string): void {
    this.#held.delete(hold);
  }

  /** What an earlier run has seen: messages by what names them while they are held. */
  remember(holds: readonly string[], now: Instant): void {
    for (const hold of holds) this.#remembered(now).add(hold, now);
  }

  /** Another user logs in: what the last one saw means nothing to this one. */
  forget(): void {
    this.#handedOn = undefined;
    this.#held.clear();
  }

  #remembered(now: Instant): HandedOn {
    this.#handedOn ??= new HandedOn(now, this.#limits);
    return this.#handedOn;
  }
}

/** Fingerprints are unique for each sender only. */
function nameOf({ from = '' }: Packet, fp: string): string {
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
