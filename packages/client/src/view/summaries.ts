import type { ConversationPage } from '../log-request.js';
import { isUnsettled, type MessageChange } from './message-window.js';
import { messageOfHistory } from './messages.js';
import type {
  ConversationListSnapshot,
  ConversationSummary,
  HistoryState,
  ViewMessage,
} from './snapshots.js';

/** The list of conversations: the newest message and the number of unread ones of each. */
export class Summaries {
  readonly #maxConversations: number;
  readonly #nextKey: () => string;
  readonly #summaries = new Map<string, ConversationSummary>();
  /** By conversation; also of those that are not in the list. */
  readonly #unread: Map<string, number>;
  #state: 'unread' | 'reading' | 'more' | 'complete' | 'failed' | 'none' = 'unread';
  /** The smallest id of the pages that were read. */
  #cursor: number | undefined;
  /** The largest position whose message was counted. */
  #countedPosition = 0;
  #snapshot: ConversationListSnapshot | undefined;

  constructor(maxConversations: number, unread: Readonly<Record<string, number>>, nextKey: () => string) {
    this.#maxConversations = maxConversations;
    this.#nextKey = nextKey;
    this.#unread = new Map(Object.entries(unread));
  }

  get snapshot(): ConversationListSnapshot {
    this.#snapshot ??= Object.freeze({
      conversations: this.#sorted(),
      older: this.older,
    });
    return this.#snapshot;
  }

  get older(): HistoryState {
    if (this.#state === 'unread' || this.#state === 'reading') return 'loading';
    return this.#state === 'more' && this.#summaries.size >= this.#maxConversations ? 'full' : this.#state;
  }

  /** Where the next page begins; undefined before the first one. */
  get cursor(): number | undefined {
    return this.#cursor;
  }

  /** Whether the newest page must be read. */
  get needsPage(): boolean {
    return this.#state !== 'more' && this.#state !== 'complete';
  }

  setState(state: 'unread' | 'reading' | 'failed' | 'none'): void {
    this.#state = state;
    this.#snapshot = undefined;
  }

  unread(conversation: string): number {
    return this.#unread.get(conversation) ?? 0;
  }

  /** A message has arrived or is being sent. `position`: its position in the user's log, if it has one. */
  add(message: ViewMessage, position: number | undefined): void {
    const { conversation, isOwn } = message;
    const isRepeated = position !== undefined && position <= this.#countedPosition;
    if (position !== undefined && !isRepeated) this.#countedPosition = position;
    // Who writes has read what is there.
    if (isOwn) this.#unread.delete(conversation);
    else if (!isRepeated) this.#unread.set(conversation, this.unread(conversation) + 1);
    const { last } = this.#summaries.get(conversation) ?? {};
    const isOlder = last?.id !== undefined && message.id !== undefined && message.id < last.id;
    if (!isOlder) this.#summaries.delete(conversation);
    this.#set(isOlder ? last : message);
  }

  /** Positions begin anew. */
  forgetPositions(): void {
    this.#countedPosition = 0;
  }

  /** Another user has logged in. */
  reset(): void {
    this.#summaries.clear();
    this.#unread.clear();
    this.#countedPosition = 0;
    this.#cursor = undefined;
    this.setState('unread');
  }

  /** A page of the server's list. `wasComplete`: all others are known. */
  addPage({ conversations, hasMore }: ConversationPage, wasComplete: boolean): void {
    this.#state = hasMore && !wasComplete ? 'more' : 'complete';
    for (const { conversation, last } of conversations) {
      this.#cursor = Math.min(this.#cursor ?? last.id, last.id);
      const known = this.#summaries.get(conversation)?.last;
      if (known === undefined || (!isUnsettled(known) && (known.id ?? 0) < last.id))
        this.#set(messageOfHistory(last, this.#nextKey()));
    }
    this.#snapshot = undefined;
  }

  /** An own message has changed; has no effect if it is not the last one. */
  change({ conversation, key }: ViewMessage, change: MessageChange): void {
    const last = this.#summaries.get(conversation)?.last;
    if (last?.key === key) this.#set({ ...last, ...change });
  }

  /** An own message was removed; has no effect if it is not the last one. */
  replace({ conversation, key }: ViewMessage, last: ViewMessage | undefined): void {
    if (this.#summaries.get(conversation)?.last.key !== key) return;
    if (last !== undefined) this.#set(last);
    else this.#summaries.delete(conversation);
    this.#snapshot = undefined;
  }

  /** Returns whether something was unread. */
  markRead(conversation: string): boolean {
    if (!this.#unread.delete(conversation)) return false;
    const summary = this.#summaries.get(conversation);
    if (summary !== undefined) this.#set(summary.last);
    return true;
  }

  /** The newest first; of equal times the one that has changed last. */
  #sorted(): ConversationSummary[] {
    return [...this.#summaries.values()].reverse().sort(newestFirst);
  }

  #set(last: ViewMessage): void {
    const { conversation } = last;
    this.#summaries.set(
      conversation,
      Object.freeze({ conversation, last, unread: this.unread(conversation) }),
    );
    this.#snapshot = undefined;
    if (this.#summaries.size <= this.#maxConversations) return;
    const [oldest] = this.#sorted().slice(-1);
    if (oldest === undefined) return;
    this.#summaries.delete(oldest.conversation);
    this.#unread.delete(oldest.conversation);
    if (this.#state === 'complete') this.#state = 'more';
  }
}

function newestFirst({ last: a }: ConversationSummary, { last: b }: ConversationSummary): number {
  return b.time - a.time || (b.id ?? 0) - (a.id ?? 0);
}
