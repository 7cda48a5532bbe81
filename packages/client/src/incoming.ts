import {
  acknowledgementPacket,
  Digest,
  DuplicateWindow,
  type DuplicateWindowLimits,
  encodePacket,
  type Instant,
  type Packet,
  UNSET_ID,
} from '@imcore/protocol';
import type { Message } from './message.js';

/** What a received packet calls for before its type is looked at. */
export interface Arrival {
  /** The acknowledgement to write first. */
  readonly acknowledgement: string | undefined;
  /** False for a packet that asks for an acknowledgement and cannot be told apart: it is dropped. */
  readonly isUsable: boolean;
}

const PLAIN: Arrival = { acknowledgement: undefined, isUsable: true };
const DROPPED: Arrival = { acknowledgement: undefined, isUsable: false };

/**
 * A client as receiver: acknowledges every copy of a packet, hands each message on once.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class Incoming {
  readonly #limits: DuplicateWindowLimits;
  #handedOn: DuplicateWindow | undefined;

  constructor(limits: DuplicateWindowLimits) {
    this.#limits = limits;
  }

  /** The rule for every packet, of whichever type: acknowledge what asks for it. */
  arrive(packet: Packet): Arrival {
    if (!packet.QoS) return PLAIN;
    if (packet.fp === undefined) return DROPPED;
    return { acknowledgement: encodePacket(acknowledgementPacket(packet)), isUsable: true };
  }

  /** The message in a data packet; undefined for one that was handed on before. */
  unpack(packet: Packet, now: Instant): Message | undefined {
    if (packet.QoS && packet.fp !== undefined) {
      const from = packet.from ?? '';
      this.#handedOn ??= new DuplicateWindow(now, this.#limits, new Digest());
      if (this.#handedOn.look(packet.fp, from) !== 'new') return undefined;
      this.#handedOn.finish(packet.fp, from, now);
    }
    return {
      from: packet.from ?? UNSET_ID,
      to: packet.to ?? UNSET_ID,
      content: packet.dataContent ?? '',
      type: packet.typeu,
      fingerprint: packet.fp,
    };
  }

  /** Another user logs in: what the last one saw means nothing to this one. */
  forget(): void {
    this.#handedOn = undefined;
  }
}
