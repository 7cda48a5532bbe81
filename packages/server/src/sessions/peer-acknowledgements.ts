import {
  type BinaryString,
  createFingerprint,
  type Instant,
  type Random,
  type ReceivedPacket,
} from '@imcore/protocol';
import type { Courier } from '../delivery/courier.js';
import type { ServerMetrics } from '../metrics.js';
import type { Connection } from '../transports/transport.js';
import type { Answers } from './answers.js';
import type { User } from './user.js';

/** What {@link PeerAcknowledgements} work with. */
export interface AcknowledgementParts {
  readonly courier: Courier;
  readonly metrics: ServerMetrics;
  readonly answers: Answers;
  readonly random: Random;
}

/**
 * What peers acknowledge: messages, and with the first of them that it receives what is sent to its address.
 *
 * Where more waits for an address than it may be sent unproven, and nothing is under way that would prove it, the next
 * keep-alive's answer asks for an acknowledgement: every known client gives one before it looks at a packet's type.
 *
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export class PeerAcknowledgements {
  readonly #parts: AcknowledgementParts;
  /** The fingerprints that the few were given who were asked for a proof. */
  readonly #askedFor = new WeakMap<Connection, string>();

  constructor(parts: AcknowledgementParts) {
    this.#parts = parts;
  }

  /** Returns false for an acknowledgement that nobody waits for: late, repeated, forged or unknown. */
  take(connection: Connection, packet: ReceivedPacket, user: User, now: Instant): boolean {
    const { dataContent: fingerprint, from, to, fp, QoS } = packet;
    // Only type 2 may ask for an acknowledgement: the sender would answer another one, to nobody's use.
    const isPlain = !QoS && fp === undefined;
    const frame = from === user.id && to !== undefined && isPlain ? packet.body : undefined;
    const isExpected =
      fingerprint !== undefined &&
      (this.#parts.courier.acknowledged(user, fingerprint, to, now, frame) ||
        fingerprint === this.#askedFor.get(connection));
    if (isExpected) connection.trust();
    else this.#parts.metrics.unknownAcknowledgements += 1;
    return isExpected;
  }

  /** The answer to a keep-alive. */
  answerKeepAlive(connection: Connection, userId: string): BinaryString {
    const { answers, random } = this.#parts;
    if (!connection.awaitsProof) return answers.keepAlive(userId);
    const fingerprint = this.#askedFor.get(connection) ?? createFingerprint(random);
    this.#askedFor.set(connection, fingerprint);
    return answers.keepAlive(userId, fingerprint);
  }
}
