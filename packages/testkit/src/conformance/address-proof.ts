import {
  acknowledgementPacket,
  decodeFrameBody,
  encodePacket,
  encodeUtf8,
  PacketType,
} from '@imcore/protocol';
import { packetOf } from './recording.js';

/** The packets with which our server asks. */
const QUESTION_TYPES: readonly unknown[] = [PacketType.LoginResponse, PacketType.KeepAliveResponse];

/** A question for a proof of the address, as a client sees it. */
interface ProofQuestion {
  /** What the client sends back. */
  readonly acknowledgement: string;
  /** The packet without the question. */
  readonly body: string;
}

/**
 * Returns what to do with a packet of the server that asks for a proof of a UDP address: every known client acknowledges any
 * packet with `QoS:true` and an `fp`, before it looks at its type. Undefined for other packets.
 */
export function proofQuestion(body: string): ProofQuestion | undefined {
  const { fp, ...packet } = packetOf(body);
  if (packet['QoS'] !== true || fp === undefined || !QUESTION_TYPES.includes(packet['type']))
    return undefined;
  return {
    acknowledgement: encodePacket(acknowledgementPacket(decodeFrameBody(encodeUtf8(body)))),
    body: JSON.stringify({ ...packet, QoS: false }),
  };
}
