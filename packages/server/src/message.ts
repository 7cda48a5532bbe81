import { decodeFrameBody, type Packet, PacketType, UNSET_NUMBER } from '@imcore/protocol';
import type { DeadLetter, DeadLetterCause, StoreId, WaitingMessage } from './ports/message-store.js';

/** What users exchange. */
export interface Message {
  /** Sender's user id; `"0"` for the server. */
  readonly from: string;
  /** Receiver's user id; `"0"` for the server. */
  readonly to: string;
  readonly content: string;
  /** The application's own message type, a 32-bit number; -1 for none. */
  readonly type: number;
  /** The message's id, unique per sender; undefined only where `qos` is false and the sender chose none. */
  readonly fingerprint: string | undefined;
  /** Whether the receiver acknowledges it. */
  readonly qos: boolean;
  /** Whether it came over the bridge to another system. */
  readonly bridged: boolean;
}

/** A message out of the store, as applications see it. */
export interface KeptMessage {
  /** Names it to the store; larger is later for the same receiver. */
  readonly id: StoreId;
  readonly message: Message;
  /** Milliseconds since 1970 when this server took it. */
  readonly acceptedAt: number;
}

/** A message that was acknowledged to its sender and is not given to its receiver any more, unless it is resent. */
export interface DeadMessage extends KeptMessage {
  readonly cause: DeadLetterCause;
  /** Milliseconds since 1970. */
  readonly deadLetteredAt: number;
}

/** A packet as applications see it. Without a fingerprint there is no QoS, whatever the packet says. */
export function toMessage(packet: Packet, from: string): Message {
  return {
    from,
    to: packet.to ?? '',
    content: packet.dataContent ?? '',
    type: packet.typeu,
    fingerprint: packet.fp,
    qos: packet.QoS && packet.fp !== undefined,
    bridged: packet.bridge,
  };
}

export function toKeptMessage(waiting: WaitingMessage): KeptMessage {
  const { id, acceptedAt, from } = waiting;
  return { id, acceptedAt, message: toMessage(packetOf(waiting), from) };
}

export function toDeadMessage(deadLetter: DeadLetter): DeadMessage {
  return { ...toKeptMessage(deadLetter), cause: deadLetter.cause, deadLetteredAt: deadLetter.deadLetteredAt };
}

/** What a body says; of one that cannot be read, as a damaged store may give it, what the store knows beside it. */
function packetOf({ body, from, to, fingerprint }: WaitingMessage): Packet {
  try {
    return decodeFrameBody(body);
  } catch {
    const [type, typeu, sm] = [PacketType.Data, UNSET_NUMBER, UNSET_NUMBER];
    return { type, dataContent: '', from, to, fp: fingerprint, QoS: true, typeu, bridge: false, sm };
  }
}
