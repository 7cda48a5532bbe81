import { decodeFrameBody, type Packet, PacketType, UNSET_NUMBER } from '@imcore/protocol';
import type {
  DeadLetter,
  DeadLetterCause,
  DeadLetterId,
  KeptRecord,
  MessageId,
  StoredMessage,
} from './ports/message-store.js';

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
  /** Its number in the store. Grows with each message of a conversation. */
  readonly id: MessageId;
  readonly message: Message;
  /** When the server accepted it, milliseconds since 1970. */
  readonly acceptedAt: number;
}

/** A message that was acknowledged to its sender and will not be delivered, unless it is resent. */
export interface DeadMessage {
  /** The number of the dead letter. Grows in the order in which messages became dead letters. */
  readonly id: DeadLetterId;
  readonly message: Message;
  /** When the server accepted it, milliseconds since 1970. */
  readonly acceptedAt: number;
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

export function toKeptMessage(kept: KeptRecord): KeptMessage {
  const { id, acceptedAt } = kept;
  return { id, acceptedAt, message: messageOf(kept) };
}

export function toDeadMessage(deadLetter: DeadLetter): DeadMessage {
  const { id, acceptedAt, cause, deadLetteredAt } = deadLetter;
  return { id, acceptedAt, message: messageOf(deadLetter), cause, deadLetteredAt };
}

/** A stored message, as applications see it. */
export function messageOf(stored: StoredMessage): Message {
  return toMessage(packetOf(stored), stored.from);
}

/** Decodes a body. If it cannot be decoded, as in a damaged store, returns a packet without content. */
function packetOf({ body, from, to, fingerprint }: StoredMessage): Packet {
  try {
    return decodeFrameBody(body);
  } catch {
    const [type, typeu, sm] = [PacketType.Data, UNSET_NUMBER, UNSET_NUMBER];
    return { type, dataContent: '', from, to, fp: fingerprint, QoS: true, typeu, bridge: false, sm };
  }
}
