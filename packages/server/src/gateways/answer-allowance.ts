import type { BinaryString } from '@imcore/protocol';

/** An address that has not proven itself is sent no more than so many times the bytes it sent (RFC 9000, 8.1). */
const AMPLIFICATION_LIMIT = 3;

/** Messages that wait for the proof: twice what a replay has under way. */
const MAX_WITHHELD = 32;

/** Every frame that this server writes begins like this; type 2 is a message. */
const MESSAGE = /^\{"bridge":(?:true|false),"type":2,/;

/**
 * How much a UDP address may be sent before it has shown that it receives what it is sent: whoever forges an address
 * could aim at it all that waits for a user.
 *
 * A stranger may be sent three times what it sent. A login adds one message, so that there is something to acknowledge.
 * Further messages wait here, a few of them, until the address has sent enough or is trusted; the server's own answers
 * go before them.
 */
export class AnswerAllowance {
  readonly #write: (body: BinaryString) => void;
  readonly #onPrevented: () => void;
  #bytes = 0;
  #state: 'stranger' | 'admitted' | 'trusted' = 'stranger';
  #withheld: BinaryString[] = [];
  #hasPrevented = false;

  /** `onPrevented` is called for each frame that is dropped. */
  constructor(write: (body: BinaryString) => void, onPrevented: () => void) {
    this.#write = write;
    this.#onPrevented = onPrevented;
  }

  /** Whether there was more for a logged-in user than the address may be sent. */
  get awaitsProof(): boolean {
    return this.#state === 'admitted' && (this.#hasPrevented || this.#withheld.length > 0);
  }

  /** The address has sent so much. To be called before the answers to it are sent, and {@link release} after them. */
  received(bytes: number): void {
    this.#bytes += bytes * AMPLIFICATION_LIMIT;
  }

  send(body: BinaryString): void {
    if (this.#state === 'trusted') this.#write(body);
    else if (this.#state === 'admitted' && MESSAGE.test(body)) this.#sendMessage(body);
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
    for (const body of this.#withheld.splice(0)) this.#write(body);
  }

  /** Writes what has waited and fits by now, oldest first. */
  release(): void {
    while (this.#withheld[0] !== undefined && this.#spend(this.#withheld[0])) this.#withheld.shift();
  }

  #sendMessage(body: BinaryString): void {
    if (this.#withheld.length === 0 && this.#spend(body)) return;
    if (this.#withheld.length < MAX_WITHHELD) this.#withheld.push(body);
    else this.#prevented();
  }

  #spend(body: BinaryString): boolean {
    if (body.length > this.#bytes) return false;
    this.#bytes -= body.length;
    this.#write(body);
    return true;
  }

  #prevented(): void {
    this.#hasPrevented = true;
    this.#onPrevented();
  }
}
