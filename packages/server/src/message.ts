import { decodeFrameBody, type Packet, PacketType, UNSET_NUMBER } from '@imcore/protocol';
import type { DeadLetter, DeadLetterCause, StoreId, WaitingMessage } from './ports/message-store.js';

/** A message between users, or between a user and the server. */
export interface Message {
  /** Sender's user id; `"0"` for the server. */
  readonly from: string;
  /** Receiver's user id; `"0"` for the server. */
  readonly to: string;
  readonly content: string;
  /** The application's own message type, a 32-bit number; -1 for none. */
  readonly type: number;
  /** Identifies the message of its sender; undefined only if `qos` is false and the sender set none. */
  readonly fingerprint: string | undefined;
  /** Whether the receiver acknowledges it. */
  readonly qos: boolean;
  /** Whether it came over a bridge from another system. */
  readonly bridged: boolean;
}

/** A stored message, as applications see it. */
export interface KeptMessage {
  /** Its id in the store. Grows with each message to the same receiver. */
  readonly id: StoreId;
  readonly message: Message;
  /** When the server accepted it, milliseconds since 1970. */
  readonly acceptedAt: number;
}

/** A message that was acknowledged to its sender and will not be delivered, unless it is resent. */
export interface DeadMessage extends KeptMessage {
  readonly cause: DeadLetterCause;
  /** Milliseconds since 1970. */
  readonly deadLetteredAt: number;
}

/** Converts a packet to a message. Without a fingerprint there is no QoS, even if the packet asks for it. */
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

/** Decodes a body. If it cannot be decoded, as in a damaged store, returns a packet without content. */
function packetOf({ body, from, to, fingerprint }: WaitingMessage): Packet {
  try {
    return decodeFrameBody(body);
  } catch {
    const [type, typeu, sm] = [PacketType.Data, UNSET_NUMBER, UNSET_NUMBER];
    return { type, dataContent: '', from, to, fp: fingerprint, QoS: true, typeu, bridge: false, sm };
  }
}
