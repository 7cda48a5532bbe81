import {
  type ConnectionSnapshot,
  type ConversationHandle,
  type ConversationList,
  type ConversationListSnapshot,
  type ConversationSnapshot,
  type ConversationView,
  conversationView,
  type SnapshotStore,
  type ViewClient,
  type ViewSendRequest,
} from '@imcore/client/view';

/** What the hooks use of a view. */
export type ViewParts = Pick<ConversationView, 'connection' | 'conversations' | 'conversation'>;

const NO_CONVERSATIONS: ConversationListSnapshot = Object.freeze({
  conversations: Object.freeze([]),
  older: 'loading',
});
const NO_MESSAGES: ConversationSnapshot = Object.freeze({
  items: Object.freeze([]),
  older: 'loading',
  unread: 0,
});

/**
 * A view of a client that exists while somebody uses it. React renders components that it never mounts, and in strict mode
 * mounts each of them twice: only what is mounted may add listeners to the client.
 */
export class LiveView implements ViewParts {
  readonly connection: SnapshotStore<ConnectionSnapshot>;
  readonly conversations: ConversationList;
  readonly #client: ViewClient;
  #view: ConversationView | undefined;
  #users = 0;

  constructor(client: ViewClient) {
    this.#client = client;
    const { state, level } = client;
    const before: ConnectionSnapshot = Object.freeze({ state, level, retryAt: undefined });
    this.connection = {
      subscribe: (listener) => this.#subscribe((view) => view.connection, listener),
      getSnapshot: () => this.#view?.connection.getSnapshot() ?? before,
    };
    this.conversations = {
      subscribe: (listener) => this.#subscribe((view) => view.conversations, listener),
      getSnapshot: () => this.#view?.conversations.getSnapshot() ?? NO_CONVERSATIONS,
      loadMore: () => this.#view?.conversations.loadMore() ?? Promise.resolve(),
    };
  }

  conversation(userId: string): ConversationHandle {
    const current = (): ConversationHandle | undefined => this.#view?.conversation(userId);
    return {
      conversation: userId,
      subscribe: (listener) => this.#subscribe((view) => view.conversation(userId), listener),
      getSnapshot: () => current()?.getSnapshot() ?? NO_MESSAGES,
      loadOlder: () => current()?.loadOlder() ?? Promise.resolve(),
      send: (request) => current()?.send(request) ?? this.#sendUnseen(userId, request),
      retry: (key) => current()?.retry(key),
      discard: (key) => current()?.discard(key),
      markRead: () => current()?.markRead(),
    };
  }

  /** A message goes out also if the provider was unmounted meanwhile. The client's event `undelivered` tells of a failure. */
  #sendUnseen(to: string, request: ViewSendRequest): string {
    this.#client.send({ ...request, to }).catch(() => {});
    return '';
  }

  /** Keeps the view until the returned function is called. */
  use(): () => void {
    const view = this.#open();
    this.#users += 1;
    return () => {
      this.#users -= 1;
      if (this.#users > 0) return;
      this.#view = undefined;
      view.close();
    };
  }

  #open(): ConversationView {
    this.#view ??= conversationView(this.#client);
    return this.#view;
  }

  #subscribe(storeIn: (view: ConversationView) => SnapshotStore<unknown>, listener: () => void): () => void {
    const release = this.use();
    const unsubscribe = storeIn(this.#open()).subscribe(listener);
    return () => {
      unsubscribe();
      release();
    };
  }
}
