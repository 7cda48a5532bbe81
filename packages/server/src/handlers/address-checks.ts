import { createFingerprint, type Random } from '@imcore/protocol';
import type { Connection } from '../ports/transport.js';

/**
 * The fingerprints that keep-alive answers asked to acknowledge.
 *
 * Where more waits for an address than it may be sent unproven, and nothing is under way that would prove it, the next
 * keep-alive's answer asks for an acknowledgement: every known client gives one before it looks at a packet's type.
 */
export class AddressChecks {
  readonly #random: Random;
  readonly #askedFor = new WeakMap<Connection, string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The fingerprint to ask for; undefined where no proof is needed. */
  begin(connection: Connection): string | undefined {
    if (connection.addressProof?.isAwaited !== true) return undefined;
    const fingerprint = this.#askedFor.get(connection) ?? createFingerprint(this.#random);
    this.#askedFor.set(connection, fingerprint);
    return fingerprint;
  }

  /** Whether a peer was asked to acknowledge this. */
  isAnswer(connection: Connection, fingerprint: string): boolean {
    return this.#askedFor.get(connection) === fingerprint;
  }
}
