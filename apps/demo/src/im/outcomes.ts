import { ImListener, OnImEvent } from '@imcore/nestjs';
import type { Message } from '@imcore/server';

/** Where a message is when its sender is acknowledged. */
type Outcome = 'received' | 'stored';

/**
 * Learns from the server's events what an acknowledgement meant: the wire says only that somebody is responsible, not
 * whether the receiver has the message or the store.
 */
@ImListener()
export class Outcomes {
  readonly #watched = new Map<string, Outcome | undefined>();

  /** Watches one message. `finish` ends it and says where the message was first: undefined where no event told. */
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
