import { decodeFrameBody, type Packet, PacketType, UNSET_NUMBER } from '@imcore/protocol';
import type { Message } from '../message.js';
import type { DeadLetter, DeathCause, StoreId, WaitingMessage } from '../ports/message-store.js';
import { toMessage } from './delivery.js';

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
  readonly cause: DeathCause;
  /** Milliseconds since 1970. */
  readonly diedAt: number;
}

export function toKeptMessage(waiting: WaitingMessage): KeptMessage {
  const { id, acceptedAt, from } = waiting;
  return { id, acceptedAt, message: toMessage(packetOf(waiting), from) };
}

export function toDeadMessage(letter: DeadLetter): DeadMessage {
  return { ...toKeptMessage(letter), cause: letter.cause, diedAt: letter.diedAt };
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
