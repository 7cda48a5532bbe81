import { type BinaryString, createFingerprint, type Instant, type ReceivedPacket } from '@imcore/protocol';
import type { Connection } from '../gateways/gateway.js';
import type { HostParts } from './host-parts.js';
import type { User } from './user.js';

/**
 * What one peer acknowledges: messages, and with the first of them that it receives what is sent to its address.
 *
 * Where more waits for an address than it may be sent unproven, and nothing is under way that would prove it, the next
 * keep-alive's answer asks for an acknowledgement: every known client gives one before it looks at a packet's type.
 *
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export class PeerAcknowledgements {
  readonly #connection: Connection;
  readonly #parts: HostParts;
  #askedFor: string | undefined = undefined;

  constructor(connection: Connection, parts: HostParts) {
    this.#connection = connection;
    this.#parts = parts;
  }

  /** Returns false for an acknowledgement that nobody waits for: late, repeated, forged or unknown. */
  take(packet: ReceivedPacket, user: User, now: Instant): boolean {
    const { dataContent: fingerprint, from, to, fp, QoS } = packet;
    // Only type 2 may ask for an acknowledgement: the sender would answer another one, to nobody's use.
    const isPlain = !QoS && fp === undefined;
    const frame = from === user.id && to !== undefined && isPlain ? packet.body : undefined;
    const isExpected =
      fingerprint !== undefined &&
      (this.#parts.courier.acknowledged(user, fingerprint, to, now, frame) || fingerprint === this.#askedFor);
    if (isExpected) this.#connection.trust();
    else this.#parts.metrics.unknownAcknowledgements += 1;
    return isExpected;
  }

  /** The answer to a keep-alive. */
  answerKeepAlive(userId: string): BinaryString {
    const { answers, random } = this.#parts;
    if (!this.#connection.awaitsProof) return answers.keepAlive(userId);
    this.#askedFor ??= createFingerprint(random);
    return answers.keepAlive(userId, this.#askedFor);
  }
}
