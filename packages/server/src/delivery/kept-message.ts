import { decodeFrameBody, type Packet, PacketType, UNSET_NUMBER } from '@imcore/protocol';
import type { DeadMessage, KeptMessage } from '../message.js';
import type { DeadLetter, WaitingMessage } from '../ports/message-store.js';
import { toMessage } from './delivery.js';

export function toKeptMessage(waiting: WaitingMessage): KeptMessage {
  const { id, acceptedAt, from } = waiting;
  return { id, acceptedAt, message: toMessage(packetOf(waiting), from) };
}

export function toDeadMessage(letter: DeadLetter): DeadMessage {
  return { ...toKeptMessage(letter), cause: letter.cause, deadLetteredAt: letter.deadLetteredAt };
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
