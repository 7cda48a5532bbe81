import type { ConversationSnapshot } from './snapshots.js';
import { NOTHING, Thread, type ThreadHost } from './thread.js';

/** How many conversations that are not open keep messages in memory. */
const MAX_CLOSED = 50;

/** The conversations that have messages in memory: the open ones, and what must be kept of others. */
export class Threads {
  readonly #host: ThreadHost;
  readonly #isSending: (conversation: string) => boolean;
  /** Those that are not open are in the order in which they were made or closed. */
  readonly #threads = new Map<string, Thread>();

  /** `isSending`: whether messages of a conversation are being sent. */
  constructor(host: ThreadHost, isSending: (conversation: string) => boolean) {
    this.#host = host;
    this.#isSending = isSending;
  }

  /** Returns undefined if the conversation has nothing in memory. */
  find(conversation: string): Thread | undefined {
    return this.#threads.get(conversation);
  }

  /** Returns undefined if the conversation is not open. */
  findOpen(conversation: string): Thread | undefined {
    const thread = this.#threads.get(conversation);
    return thread?.isOpen === true ? thread : undefined;
  }

  create(conversation: string): Thread {
    const known = this.#threads.get(conversation);
    if (known !== undefined) return known;
    const thread = new Thread(conversation, this.#host);
    this.#threads.set(conversation, thread);
    this.#forgetClosed();
    return thread;
  }

  snapshotOf(conversation: string): ConversationSnapshot {
    return this.findOpen(conversation)?.snapshot ?? NOTHING;
  }

  /** Adds a subscriber. Returns a function that removes it; `closed` is called when it was the last one. */
  subscribe(conversation: string, listener: () => void, closed: () => void): () => void {
    const thread = this.create(conversation);
    const remove = thread.subscribers.add(listener);
    if (!thread.isOpen) thread.open();
    return () => {
      remove();
      if (thread.subscribers.size > 0 || !thread.isOpen) return;
      thread.close(this.#host.hasHistory !== true);
      this.#threads.delete(conversation);
      if (thread.window.items.length > 0) this.#threads.set(conversation, thread);
      this.#forgetClosed();
      closed();
    };
  }

  /** The client is online, or it is known whether there is a history. */
  online(): void {
    for (const thread of this.#threads.values()) thread.online();
  }

  addGap(reason: string): void {
    for (const thread of this.#threads.values())
      if (thread.isOpen || this.#host.hasHistory !== true) thread.addGap(reason);
  }

  /** Another user has logged in. */
  reset(): void {
    for (const [conversation, thread] of this.#threads) {
      if (thread.isOpen) thread.reset();
      else this.#threads.delete(conversation);
    }
  }

  #forgetClosed(): void {
    const closed = [...this.#threads].filter(([, { isOpen }]) => !isOpen);
    for (const [conversation, thread] of closed.slice(0, Math.max(0, closed.length - MAX_CLOSED))) {
      if (this.#isSending(conversation)) thread.window.keepUnsettled();
      else this.#threads.delete(conversation);
    }
  }
}
