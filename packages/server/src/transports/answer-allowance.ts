import type { BinaryString } from '@imcore/protocol';
import type { FrameKind } from '../ports/transport.js';

/** An unverified address is sent at most so many times the bytes that it sent (RFC 9000, 8.1). */
const AMPLIFICATION_LIMIT = 3;

/** Maximum number of messages that wait for the verification: twice what a replay has in flight. */
const MAX_WITHHELD = 32;

/** The connection that an allowance belongs to. */
export interface AllowanceOwner {
  /** Sends a frame that the allowance permits. */
  write(body: BinaryString): void;
  /** A frame was dropped. */
  prevented(): void;
}

/**
 * Limits what a UDP address is sent before it is verified, against amplification attacks: an attacker could log in with a forged
 * address and direct a user's waiting messages at it.
 *
 * An unverified address may be sent three times the bytes that it sent. A login adds one message, so that there is something
 * to acknowledge. A limited number of further messages wait until the address has sent enough or is verified. Answers of
 * the server are sent before them.
 */
export class AnswerAllowance {
  readonly #owner: AllowanceOwner;
  #bytes = 0;
  #state: 'unverified' | 'admitted' | 'trusted' = 'unverified';
  /** Undefined while nothing waits, as for most addresses. */
  #withheld: BinaryString[] | undefined = undefined;
  #hasPrevented = false;

  constructor(owner: AllowanceOwner) {
    this.#owner = owner;
  }

  /** Whether a logged-in user's address has reached the limit and is not verified. */
  get awaitsProof(): boolean {
    return this.#state === 'admitted' && (this.#hasPrevented || this.#withheld !== undefined);
  }

  /** The address has sent so many bytes. Call it before the answers are sent, and {@link release} after them. */
  received(bytes: number): void {
    this.#bytes += bytes * AMPLIFICATION_LIMIT;
  }

  send(body: BinaryString, kind: FrameKind): void {
    if (this.#state === 'trusted') this.#owner.write(body);
    else if (this.#state === 'admitted' && kind === 'message') this.#sendMessage(body);
    else if (!this.#spend(body)) this.#prevented();
  }

  /** The address has logged in: it may be sent a message of so many additional bytes. */
  admit(bytes: number): void {
    if (this.#state !== 'unverified') return;
    this.#state = 'admitted';
    this.#bytes += bytes;
  }

  /** The address is verified. */
  trust(): void {
    if (this.#state === 'trusted') return;
    this.#state = 'trusted';
    const withheld = this.#withheld ?? [];
    this.#withheld = undefined;
    for (const body of withheld) this.#owner.write(body);
  }

  /** Writes the waiting messages that the limit now permits, oldest first. */
  release(): void {
    const withheld = this.#withheld;
    if (withheld === undefined) return;
    while (withheld[0] !== undefined && this.#spend(withheld[0])) withheld.shift();
    if (withheld.length === 0) this.#withheld = undefined;
  }

  #sendMessage(body: BinaryString): void {
    const withheld = this.#withheld;
    if (withheld === undefined) {
      if (!this.#spend(body)) this.#withheld = [body];
    } else if (withheld.length < MAX_WITHHELD) withheld.push(body);
    else this.#prevented();
  }

  #spend(body: BinaryString): boolean {
    if (body.length > this.#bytes) return false;
    this.#bytes -= body.length;
    this.#owner.write(body);
    return true;
  }

  #prevented(): void {
    this.#hasPrevented = true;
    this.#owner.prevented();
  }
}
