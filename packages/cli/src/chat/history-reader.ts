import { type HistoryMessage, type ImClient, RequestError } from '@imcore/client/node';
import type { ShownMessages } from './shown-messages.js';
import type { Transcript } from './transcript.js';

const DEFAULT_LIMIT = 20;

/** Shows messages of the history, oldest first, in front of which further calls continue. */
export class HistoryReader {
  readonly #client: ImClient;
  readonly #transcript: Transcript;
  readonly #shown: ShownMessages;
  readonly #begun = new Set<string>();

  constructor(client: ImClient, transcript: Transcript, shown: ShownMessages) {
    this.#client = client;
    this.#transcript = transcript;
    this.#shown = shown;
  }

  /**
   * Shows the newest messages of a conversation that are not on the screen, at the first call. Nothing if the server keeps no
   * history or cannot send it over this transport.
   *
   * @throws RequestError
   */
  async showFirst(conversation: string, limit: number): Promise<void> {
    if (this.#begun.has(conversation)) return;
    this.#begun.add(conversation);
    try {
      const { messages } = await this.#client.history({ conversation, limit });
      this.#show(conversation, messages);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
  }

  /**
   * Shows the messages before those that are on the screen.
   *
   * @throws RequestError
   */
  async showMore(conversation: string, limit: number = DEFAULT_LIMIT): Promise<void> {
    const before = this.#shown.oldestOf(conversation);
    const { messages } = await this.#client.history({ conversation, before, limit });
    const isEmpty = this.#show(conversation, messages) === 0;
    if (isEmpty) this.#transcript.notice(`No earlier messages with ${conversation}.`);
  }

  /** Returns the number of messages that were not on the screen. */
  #show(conversation: string, newestFirst: readonly HistoryMessage[]): number {
    const messages = newestFirst.filter(({ id }) => !this.#shown.has(id)).reverse();
    for (const { id, isOwn, from, to, isCut, content, serverTime: at } of messages) {
      const text = isCut ? '(too long for this connection)' : content;
      this.#transcript.message(
        isOwn
          ? { kind: 'own', to, text, at, isEarlier: true }
          : { kind: 'incoming', from, text, at, isEarlier: true },
      );
      this.#shown.add(conversation, id);
    }
    return messages.length;
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof RequestError && ['ERR_NO_HISTORY', 'ERR_USE_A_STREAM'].includes(error.code);
}
