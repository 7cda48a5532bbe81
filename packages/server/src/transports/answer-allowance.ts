import type { BinaryString } from '@imcore/protocol';
import type { FrameKind } from '../ports/transport.js';

/** An address is sent at most so many times the bytes that it sent (RFC 9000, 8.1), and what its proofs permit. */
const AMPLIFICATION_LIMIT = 3;

/**
 * How much an address may be sent after each proof, in bytes. About what the socket of a client buffers: more would be lost
 * there if the client does not read.
 */
const PROVEN_BYTES = 256 * 1024;

/**
 * Messages to a proven address leave room for a packet that asks for the next proof, in bytes. An unproven one is asked in the
 * answers to its own packets, each of which permits more than its answer has.
 */
const RESERVED_BYTES = 256;

/** Maximum number of messages that wait for a proof: twice what a replay has in flight. */
const MAX_WITHHELD = 32;

/** The connection that an allowance belongs to. */
export interface AllowanceOwner {
  /** Sends a frame that the allowance permits. */
  write(body: BinaryString): void;
  /** A frame was dropped. */
  prevented(): void;
}

/** The bytes that all connections of one transport withhold together. */
export class WithheldBytes {
  readonly #max: number;
  #bytes = 0;

  /** `max`: default 4 MiB. */
  constructor(max = 4 * 1024 * 1024) {
    this.#max = max;
  }

  /** Returns false, and counts nothing, if there would be too many. */
  add(bytes: number): boolean {
    if (this.#bytes + bytes > this.#max) return false;
    this.#bytes += bytes;
    return true;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * Limits what a UDP address is sent, against amplification attacks: an attacker could log in with a forged address and direct
 * a user's messages at it.
 *
 * An address may be sent three times the bytes that it sent, and a fixed number of bytes after each proof that it receives.
 * If these are used up, a limited number of messages wait until the address proves itself again or has sent enough.
 * Answers of the server are sent before them.
 */
export class AnswerAllowance {
  readonly #owner: AllowanceOwner;
  readonly #withheldBytes: WithheldBytes;
  #bytes = 0;
  #isProven = false;
  /** Undefined while nothing waits, as for most addresses. */
  #withheld: BinaryString[] | undefined = undefined;

  /** `withheldBytes` is shared by all connections of one transport. */
  constructor(owner: AllowanceOwner, withheldBytes: WithheldBytes) {
    this.#owner = owner;
    this.#withheldBytes = withheldBytes;
  }

  /** Whether the peer should be asked for a proof: it has given none, or most of what its proofs permit is used up. */
  get awaitsProof(): boolean {
    return this.#bytes < PROVEN_BYTES / 2 || !this.#isProven;
  }

  /** How much may be sent now, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get #reserved(): number {
    return this.#isProven ? RESERVED_BYTES : 0;
  }

  /** The address has sent so many bytes. Call it before the answers are sent, and {@link release} after them. */
  received(bytes: number): void {
    this.#bytes += bytes * AMPLIFICATION_LIMIT;
  }

  send(body: BinaryString, kind: FrameKind): void {
    if (kind === 'answer') {
      if (!this.#spend(body, 0)) this.#owner.prevented();
    } else this.#sendMessage(body, kind);
  }

  /** The address has proved that it receives: it has returned what it can only know from this server. */
  trust(): void {
    this.#isProven = true;
    this.#bytes = Math.max(this.#bytes, PROVEN_BYTES);
    this.release();
  }

  /** Writes the waiting messages that are now permitted, oldest first. */
  release(): void {
    const withheld = this.#withheld;
    if (withheld === undefined) return;
    let released = 0;
    for (const body of withheld) {
      if (!this.#spend(body, this.#reserved)) break;
      this.#withheldBytes.remove(body.length);
      released += 1;
    }
    this.#withheld = released === withheld.length ? undefined : withheld.slice(released);
  }

  /** The connection has ended: what waits is forgotten. */
  end(): void {
    for (const body of this.#withheld ?? []) this.#withheldBytes.remove(body.length);
    this.#withheld = undefined;
  }

  #sendMessage(body: BinaryString, kind: 'message' | 'copy'): void {
    const withheld = this.#withheld ?? [];
    if (withheld.length === 0 && this.#spend(body, this.#reserved)) return;
    // The first copy may still wait.
    const mayWait = kind === 'message' && withheld.length < MAX_WITHHELD;
    if (!mayWait || !this.#withheldBytes.add(body.length)) {
      this.#owner.prevented();
      return;
    }
    withheld.push(body);
    this.#withheld = withheld;
  }

  #spend(body: BinaryString, reserved: number): boolean {
    if (body.length + reserved > this.#bytes) return false;
    this.#bytes -= body.length;
    this.#owner.write(body);
    return true;
  }
}
