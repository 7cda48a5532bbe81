import type { Message, MessageFields } from './message.js';

/**
 * The handling of one received message by all its listeners and readers.
 *
 * It ends when all of them have ended. The message was handled if at least one of them has handled it and none has
 * failed.
 */
export class Handling {
  readonly message: Message;
  readonly #ended: (isHandled: boolean) => void;
  readonly #isManual: boolean;
  /** The listeners and readers that have not ended, and 1 until all of them have got the message. */
  #running = 1;
  /** True if one has handled the message and none has failed; undefined if none has looked at it. */
  #isHandled: boolean | undefined;
  #isAcknowledged = false;

  /**
   * Calls `ended` when the message was handled, which acknowledges it, or was not, which lets its next copy count as new.
   * With `isManual` only `message.acknowledge()` acknowledges it.
   */
  constructor(fields: MessageFields, isManual: boolean, ended: (isHandled: boolean) => void) {
    this.#isManual = isManual;
    this.#ended = ended;
    // Not enumerable, so that a message can be cloned, stored and compared as plain data.
    this.message = Object.defineProperty(fields, 'acknowledge', {
      value: () => this.#acknowledge(),
    }) as Message;
  }

  /** One more listener or reader gets the message. */
  begin(): void {
    this.#running += 1;
  }

  /** A listener or reader has handled the message (true), has failed to (false), or has not looked at it (undefined). */
  end(isHandled?: boolean): void {
    if (isHandled !== undefined) this.#isHandled = isHandled && this.#isHandled !== false;
    this.#running -= 1;
    if (this.#running > 0 || this.#isAcknowledged) return;
    if (this.#isHandled !== true) this.#ended(false);
    else if (!this.#isManual) this.#acknowledge();
  }

  /** All listeners and readers have got the message. If there are none, it counts as handled, unless `isManual`. */
  begun(): void {
    this.end(this.#running > 1 || this.#isManual ? undefined : true);
  }

  #acknowledge(): void {
    if (this.#isAcknowledged) return;
    this.#isAcknowledged = true;
    this.#ended(true);
  }
}
