import { ImListener, OnImEvent } from '@imcore/nestjs';
import type { Message } from '@imcore/server';

/** Who has a message when its sender is acknowledged: the receiver, or the store. */
type Outcome = 'received' | 'stored';

/**
 * Finds out from the server's events what an acknowledgement means: the protocol does not tell whether the receiver or the
 * store has the message.
 */
@ImListener()
export class Outcomes {
  readonly #watched = new Map<string, Outcome | undefined>();

  /** Watches one message. `finish` stops it and returns the first outcome; undefined if no event reported one. */
  watch(from: string, fingerprint: string): { finish(): Outcome | undefined } {
    const key = keyOf(from, fingerprint);
    this.#watched.set(key, undefined);
    return {
      finish: () => {
        const outcome = this.#watched.get(key);
        this.#watched.delete(key);
        return outcome;
      },
    };
  }

  @OnImEvent('delivered')
  delivered(message: Message): void {
    this.#note(message, 'received');
  }

  @OnImEvent('stored')
  stored(message: Message): void {
    this.#note(message, 'stored');
  }

  #note({ from, fingerprint }: Message, outcome: Outcome): void {
    const key = keyOf(from, fingerprint ?? '');
    if (this.#watched.has(key) && this.#watched.get(key) === undefined) this.#watched.set(key, outcome);
  }
}

function keyOf(from: string, fingerprint: string): string {
  return `${fingerprint} ${from}`;
}
