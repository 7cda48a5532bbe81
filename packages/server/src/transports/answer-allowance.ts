import type { BinaryString } from '@imcore/protocol';
import type { FrameKind } from '../ports/transport.js';

/** An address that has not proven itself is sent no more than so many times the bytes it sent (RFC 9000, 8.1). */
const AMPLIFICATION_LIMIT = 3;

/** Messages that wait for the proof: twice what a replay has under way. */
const MAX_WITHHELD = 32;

/** The address that an allowance is for. */
export interface AllowanceOwner {
  /** Sends a frame that the allowance has room for. */
  write(body: BinaryString): void;
  /** A frame was dropped. */
  prevented(): void;
}

/**
 * How much a UDP address may be sent before it has shown that it receives what it is sent: an attacker who forges an address
 * could aim at it all that waits for a user.
 *
 * A stranger may be sent three times what it sent. A login adds one message, so that there is something to acknowledge.
 * Further messages wait here, a few of them, until the address has sent enough or is trusted; the server's own answers
 * go before them.
 */
export class AnswerAllowance {
  readonly #owner: AllowanceOwner;
  #bytes = 0;
  #state: 'stranger' | 'admitted' | 'trusted' = 'stranger';
  /** Absent where nothing has waited yet: most addresses are never kept waiting. */
  #withheld: BinaryString[] | undefined = undefined;
  #hasPrevented = false;

  constructor(owner: AllowanceOwner) {
    this.#owner = owner;
  }

  /** Whether there was more for a logged-in user than the address may be sent. */
  get awaitsProof(): boolean {
    return this.#state === 'admitted' && (this.#hasPrevented || this.#withheld !== undefined);
  }

  /** The address has sent so much. To be called before the answers to it are sent, and {@link release} after them. */
  received(bytes: number): void {
    this.#bytes += bytes * AMPLIFICATION_LIMIT;
  }

  send(body: BinaryString, kind: FrameKind): void {
    if (this.#state === 'trusted') this.#owner.write(body);
    else if (this.#state === 'admitted' && kind === 'message') this.#sendMessage(body);
    else if (!this.#spend(body)) this.#prevented();
  }

  /** The address has logged in, and may be sent a message of so many bytes beside what its own bytes allow. */
  admit(bytes: number): void {
    if (this.#state !== 'stranger') return;
    this.#state = 'admitted';
    this.#bytes += bytes;
  }

  /** The address has shown that it receives. */
  trust(): void {
    if (this.#state === 'trusted') return;
    this.#state = 'trusted';
    const withheld = this.#withheld ?? [];
    this.#withheld = undefined;
    for (const body of withheld) this.#owner.write(body);
  }

  /** Writes what has waited and fits by now, oldest first. */
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
