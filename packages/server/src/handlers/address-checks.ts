import { createFingerprint, type Random } from '@imcore/protocol';
import type { Connection } from '../ports/transport.js';

/**
 * Verifies addresses by keep-alives. Keeps the fingerprint that each connection was asked to acknowledge.
 *
 * If more waits for an unverified address than it may be sent, the next keep-alive response asks for an acknowledgement,
 * which verifies the address. Every known client acknowledges a packet before it looks at its type.
 */
export class AddressChecks {
  readonly #random: Random;
  readonly #fingerprints = new WeakMap<Connection, string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Returns the fingerprint that the response must carry; undefined if no verification is needed. */
  begin(connection: Connection): string | undefined {
    if (connection.addressProof?.isAwaited !== true) return undefined;
    const fingerprint = this.#fingerprints.get(connection) ?? createFingerprint(this.#random);
    this.#fingerprints.set(connection, fingerprint);
    return fingerprint;
  }

  /** Whether the peer was asked to acknowledge this fingerprint. */
  isAnswer(connection: Connection, fingerprint: string): boolean {
    return this.#fingerprints.get(connection) === fingerprint;
  }
}
