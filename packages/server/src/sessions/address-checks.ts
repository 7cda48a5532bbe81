import { type BinaryString, createFingerprint, type Instant, type Random } from '@imcore/protocol';
import type { Connection } from '../ports/transport.js';

/** Wait before a peer is asked again while nothing it sent was answered, in milliseconds; doubled each time. */
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;

/** What one connection was asked. */
interface Check {
  /** The newest fingerprint that it was sent, and the one before: the newest answer may have been lost. */
  newest: string;
  previous: string | undefined;
  waitMs: number;
  nextAt: Instant;
}

/**
 * Verifies addresses: asks a peer to acknowledge a fingerprint that only this server and the receiver know.
 *
 * Login and keep-alive responses ask, if the peer's address is not proven or most of what its proofs permit is used up. If
 * messages use it up meanwhile, a keep-alive response that nobody asked for does. Every known client acknowledges a packet
 * before it looks at its type. The acknowledgement of a message proves nothing: its fingerprint was chosen by its sender.
 */
export class AddressChecks {
  readonly #random: Random;
  readonly #checks = new WeakMap<Connection, Check>();

  /** `random` must not be predictable. */
  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * Returns an answer that asks for a proof, if one is needed and the answer is not too long for what the address may be sent.
   * `write` encodes the answer, with the fingerprint to acknowledge or without.
   */
  ask(connection: Connection, now: Instant, write: (fp: string | undefined) => BinaryString): BinaryString {
    const { addressProof } = connection;
    if (addressProof?.isAwaited !== true) return write(undefined);
    const fingerprint = createFingerprint(this.#random);
    const body = write(fingerprint);
    if (body.length > addressProof.allowedBytes) return write(undefined);
    this.#asked(connection, fingerprint, now);
    return body;
  }

  /** Whether the peer must be asked although there is no answer to send. Ever more rarely while it proves nothing. */
  isDue(connection: Connection, now: Instant): boolean {
    return now >= (this.#checks.get(connection)?.nextAt ?? now);
  }

  /** Whether the peer was asked to acknowledge this fingerprint; then its address is proven. */
  isProof(connection: Connection, fingerprint: string): boolean {
    const check = this.#checks.get(connection);
    if (check === undefined || (check.newest !== fingerprint && check.previous !== fingerprint)) return false;
    this.#checks.delete(connection);
    return true;
  }

  #asked(connection: Connection, fingerprint: string, now: Instant): void {
    const before = this.#checks.get(connection);
    const waitMs = Math.min(MAX_WAIT_MS, (before?.waitMs ?? FIRST_WAIT_MS / 2) * 2);
    this.#checks.set(connection, {
      newest: fingerprint,
      previous: before?.newest,
      waitMs,
      nextAt: now + waitMs,
    });
  }
}
