import type { ClientEvents } from '../events.js';
import { requireInteger } from '../options-check.js';
import { SystemClock } from '../system-clock.js';
import { saysNoHistory } from './history-reader.js';
import { messageOfEvent } from './messages.js';
import { OutgoingMessages } from './outgoing-messages.js';
import type { ConnectionSnapshot } from './snapshots.js';
import { Subscribers } from './subscribers.js';
import { Summaries } from './summaries.js';
import { Threads } from './threads.js';
import type {
  ConversationHandle,
  ConversationList,
  ConversationView,
  ViewClient,
  ViewOptions,
} from './view-types.js';

/**
 * Creates a view of a client: connection, conversations, and the messages of open conversations, as immutable snapshots.
 *
 * Create it before the login, so that it gets every event. It shows what arrives, reads the history where there is one (level 1,
 * and a store with `historyMs`), and fills gaps from it. Messages must be sent with the view: the client does not emit its own.
 * A message counts as handled when the view has it; if the application has a listener of its own, both must have handled it.
 *
 * Memory: at most `maxMessages` items of each open conversation, messages that are being sent not counted. Of conversations that
 * are not open, own messages that are being sent or have failed; without a history, which could bring them back, also the others.
 * At most 50 conversations that are not open keep messages; of those beyond, only messages that are being sent stay.
 *
 * @throws UsageError `ERR_INVALID_OPTION`; the message has the option's name and bounds.
 */
export function conversationView(client: ViewClient, options: ViewOptions = {}): ConversationView {
  return new View(client, options);
}

class View implements ConversationView {
  readonly connection: ConversationView['connection'];
  readonly conversations: ConversationList;
  readonly #client: ViewClient;
  readonly #pageSize: number;
  readonly #clock: NonNullable<ViewOptions['clock']>;
  readonly #connectionSubscribers = new Subscribers();
  readonly #listSubscribers = new Subscribers();
  readonly #unsubscribe: readonly (() => void)[];
  readonly #threads: Threads;
  readonly #summaries: Summaries;
  readonly #outgoing: OutgoingMessages;
  /** Handles of open conversations. */
  readonly #handles = new Map<string, ConversationHandle>();
  #connection: ConnectionSnapshot;
  #userId: string;
  /** Undefined before the first login. */
  #hasHistory: boolean | undefined;
  #loading: Promise<void> | undefined;
  #lastKey = 0;

  constructor(client: ViewClient, options: ViewOptions) {
    const { unread = {}, clock = new SystemClock() } = options;
    const maxMessages = requireInteger('maxMessages', options.maxMessages, 1000, 50, 100_000);
    const maxConversations = requireInteger('maxConversations', options.maxConversations, 1000, 1, 100_000);
    this.#pageSize = requireInteger('pageSize', options.pageSize, 50, 1, 1000);
    this.#client = client;
    this.#clock = clock;
    this.#userId = client.userId;
    this.#connection = Object.freeze({ state: client.state, level: client.level, retryAt: undefined });
    const nextKey = (): string => this.#nextKey();
    this.#summaries = new Summaries(maxConversations, unread, nextKey);
    const hasHistory = (): boolean | undefined => this.#hasHistory;
    this.#threads = new Threads(
      {
        maxMessages,
        pageSize: this.#pageSize,
        get hasHistory() {
          return hasHistory();
        },
        nextKey,
        read: (conversation, before, limit) =>
          this.#ask(client.history({ conversation, limit, ...(before !== undefined && { before }) })),
        unread: (conversation) => this.#summaries.unread(conversation),
      },
      (conversation) => this.#outgoing.isSending(conversation),
    );
    this.#outgoing = new OutgoingMessages({
      client,
      threads: this.#threads,
      summaries: this.#summaries,
      nextKey,
      now: () => this.#now(),
      listChanged: () => this.#listSubscribers.notify(),
    });
    this.connection = {
      subscribe: (listener) => this.#connectionSubscribers.add(listener),
      getSnapshot: () => this.#connection,
    };
    this.conversations = {
      subscribe: (listener) => this.#listSubscribers.add(listener),
      getSnapshot: () => this.#summaries.snapshot,
      loadMore: () => this.#loadMore(),
    };
    this.#unsubscribe = [
      client.on('state', (change) => this.#stateChanged(change)),
      client.on('level', () => this.#setConnection(this.#connection.retryAt)),
      client.on('message', (message) => this.#received(message)),
      client.on('gap', ({ reason }) => this.#missing(reason)),
      client.on('restored', ({ messages }) => this.#outgoing.restored(messages)),
      client.on('delivered', (event) => this.#outgoing.delivered(event)),
      client.on('undelivered', (event) => this.#outgoing.undelivered(event)),
    ];
    if (client.state === 'online') this.#online();
  }

  conversation(userId: string): ConversationHandle {
    return this.#handles.get(userId) ?? this.#createHandle(userId);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #createHandle(conversation: string): ConversationHandle {
    const threads = this.#threads;
    const handle: ConversationHandle = {
      conversation,
      subscribe: (listener) => {
        if (!this.#handles.has(conversation)) this.#handles.set(conversation, handle);
        return threads.subscribe(conversation, listener, () => this.#handles.delete(conversation));
      },
      getSnapshot: () => threads.snapshotOf(conversation),
      loadOlder: () => threads.findOpen(conversation)?.loadOlder() ?? Promise.resolve(),
      send: (request) => this.#outgoing.send(conversation, request),
      retry: (key) => this.#outgoing.retry(conversation, key),
      discard: (key) => this.#outgoing.discard(conversation, key),
      markRead: () => {
        if (!this.#summaries.markRead(conversation)) return;
        this.#listSubscribers.notify();
        threads.find(conversation)?.changed();
      },
    };
    return handle;
  }

  #stateChanged({ current, retryAt }: ClientEvents['state']): void {
    const { userId } = this.#client;
    if (userId !== this.#userId) {
      if (this.#userId !== '') this.#reset();
      this.#userId = userId;
    }
    if (current === 'online') this.#online();
    this.#setConnection(retryAt);
  }

  /** Another user logs in. */
  #reset(): void {
    this.#hasHistory = undefined;
    this.#outgoing.reset();
    this.#summaries.reset();
    this.#threads.reset();
    this.#listSubscribers.notify();
  }

  #setConnection(retryAt: number | undefined): void {
    const { state, level } = this.#client;
    const before = this.#connection;
    if (state === before.state && level === before.level && retryAt === before.retryAt) return;
    this.#connection = Object.freeze({ state, level, retryAt });
    this.#connectionSubscribers.notify();
  }

  #online(): void {
    this.#hasHistory = this.#client.level !== 'v6';
    if (!this.#hasHistory) this.#summaries.setState('none');
    else if (this.#summaries.needsPage && this.#loading === undefined) void this.#readList(undefined);
    this.#threads.online();
    this.#listSubscribers.notify();
  }

  #received(event: ClientEvents['message']): void {
    const message = messageOfEvent(event, this.#userId, this.#nextKey(), this.#now());
    const { conversation, fingerprint } = message;
    if (message.isOwn && fingerprint !== undefined) this.#outgoing.arrived(fingerprint);
    this.#summaries.add(message, event.position);
    const thread =
      this.#hasHistory === true ? this.#threads.find(conversation) : this.#threads.create(conversation);
    thread?.put(message);
    this.#listSubscribers.notify();
  }

  #missing(reason: string): void {
    if (reason === 'hole') this.#summaries.forgetPositions();
    this.#threads.addGap(reason);
    if (this.#hasHistory === true) void this.#readList(undefined);
  }

  async #loadMore(): Promise<void> {
    await this.#loading;
    const { older, cursor } = this.#summaries;
    if (older === 'more' || older === 'failed') await this.#readList(cursor);
  }

  /** Reads a page of the list, after those that are being read. */
  async #readList(before: number | undefined): Promise<void> {
    const loading = (this.#loading ?? Promise.resolve()).then(() => this.#readPage(before));
    this.#loading = loading;
    await loading;
    if (this.#loading === loading) this.#loading = undefined;
    this.#listSubscribers.notify();
  }

  async #readPage(before: number | undefined): Promise<void> {
    const wasComplete = this.#summaries.older === 'complete';
    const userId = this.#userId;
    this.#summaries.setState('reading');
    this.#listSubscribers.notify();
    try {
      const request = { limit: this.#pageSize, ...(before !== undefined && { before }) };
      const page = await this.#ask(this.#client.conversations(request));
      if (userId === this.#userId) this.#summaries.addPage(page, wasComplete);
    } catch (error) {
      if (userId === this.#userId) this.#summaries.setState(saysNoHistory(error) ? 'none' : 'failed');
    }
  }

  /** Passes on the answer of a request. Remembers if there is no history. */
  async #ask<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      if (saysNoHistory(error)) this.#hasHistory = false;
      throw error;
    }
  }

  #now(): number {
    return this.#clock.wallTime() + Math.round(this.#client.quality.clockOffsetMs ?? 0);
  }

  #nextKey(): string {
    this.#lastKey += 1;
    return String(this.#lastKey);
  }
}
