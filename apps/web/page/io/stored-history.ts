import type { Conversation } from '../model/conversation.js';
import type { ChatMessage, OutgoingMessage } from '../model/message.js';
import type { Account } from '../model/workspace.js';
import type { History, HistoryPage } from './history.js';
import { commit, completionOf, eachOf, resultOf } from './indexed-db.js';

/** Maximum number of stored messages per conversation. The oldest are deleted first, but never pending ones. */
export const MAX_MESSAGES_PER_CONVERSATION = 2000;
/** How many messages of a conversation are added between two checks of that limit. */
const PRUNE_EVERY = 50;

const MESSAGES = 'messages';
const CONVERSATIONS = 'conversations';
/** Index of all messages by conversation and order. */
const BY_PLACE = 'by-place';
/** Index of pending messages: only they have `pendingOrder`. */
const BY_PENDING = 'by-pending';

/** A stored message; `pendingOrder` is present while it is pending. */
type Stored = ChatMessage & { readonly pendingOrder?: number };

/** The history in the browser's IndexedDB: one database per user and server. */
export class StoredHistory implements History {
  readonly #open: () => Promise<IDBDatabase>;
  #database: IDBDatabase;
  readonly #maxMessages: number;
  readonly #addedSincePrune = new Map<string, number>();
  #isClosed = false;

  private constructor(open: () => Promise<IDBDatabase>, database: IDBDatabase, maxMessages: number) {
    this.#open = open;
    this.#database = database;
    this.#maxMessages = maxMessages;
  }

  /** Opens the history. @throws DOMException if IndexedDB is not available. */
  static async open(
    factory: IDBFactory,
    { userId, server }: Pick<Account, 'userId' | 'server'>,
    maxMessages = MAX_MESSAGES_PER_CONVERSATION,
  ): Promise<StoredHistory> {
    const open = (): Promise<IDBDatabase> => openDatabase(factory, `imcore ${userId} ${server}`);
    return new StoredHistory(open, await open(), maxMessages);
  }

  async lastOrder(): Promise<number> {
    return (await this.conversations()).reduce((last, { order }) => Math.max(last, order), 0);
  }

  async conversations(): Promise<Conversation[]> {
    const conversations = await this.#read(CONVERSATIONS);
    return await resultOf(conversations.getAll() as IDBRequest<Conversation[]>);
  }

  async page(peer: string, before: number | undefined, size: number): Promise<HistoryPage> {
    const newestFirst: ChatMessage[] = [];
    const messages = await this.#read(MESSAGES);
    const cursor = messages.index(BY_PLACE).openCursor(placesOf(peer, before), 'prev');
    await eachOf(cursor, ({ value }) => newestFirst.push(fromStored(value as Stored)) <= size);
    return { messages: newestFirst.slice(0, size).reverse(), isLast: newestFirst.length <= size };
  }

  async pending(): Promise<OutgoingMessage[]> {
    const messages = await this.#read(MESSAGES);
    const found = messages.index(BY_PENDING).getAll() as IDBRequest<Stored[]>;
    return (await resultOf(found)).map(fromStored).filter((message) => message.kind === 'outgoing');
  }

  async add(message: ChatMessage): Promise<boolean> {
    const transaction = await this.#begin(MESSAGES, 'readwrite');
    const messages = transaction.objectStore(MESSAGES);
    const found = messages.getKey(message.id);
    let isNew = false;
    // Not `add` with an error for a message that exists: Chromium aborts a transaction that was committed by `commit` then.
    found.onsuccess = () => {
      isNew = found.result === undefined;
      if (isNew) messages.add(toStored(message));
      transaction.commit();
    };
    await completionOf(transaction);
    if (isNew) await this.#prune(message.peer);
    return isNew;
  }

  async setDelivery(
    id: string,
    delivery: OutgoingMessage['delivery'],
    failure: OutgoingMessage['failure'],
    at?: number,
  ): Promise<void> {
    const transaction = await this.#begin(MESSAGES, 'readwrite');
    const messages = transaction.objectStore(MESSAGES);
    const request = messages.get(id) as IDBRequest<Stored | undefined>;
    request.onsuccess = () => {
      const found = request.result;
      if (found?.kind === 'outgoing')
        messages.put(toStored({ ...found, delivery, failure, at: at ?? found.at }));
    };
    await completionOf(transaction);
  }

  async keepConversation(conversation: Conversation): Promise<void> {
    const transaction = await this.#begin(CONVERSATIONS, 'readwrite');
    transaction.objectStore(CONVERSATIONS).put(conversation);
    await commit(transaction);
  }

  async deleteConversation(peer: string, deleted?: Conversation): Promise<void> {
    // First and at once: without it the server's messages would be shown again.
    if (deleted !== undefined) await this.keepConversation(deleted);
    const transaction = await this.#begin([MESSAGES, CONVERSATIONS], 'readwrite');
    if (deleted === undefined) transaction.objectStore(CONVERSATIONS).delete(peer);
    const request = transaction.objectStore(MESSAGES).index(BY_PLACE).openCursor(placesOf(peer, undefined));
    await eachOf(request, (cursor) => {
      cursor.delete();
      return true;
    });
    await completionOf(transaction);
  }

  close(): void {
    this.#isClosed = true;
    this.#database.close();
  }

  async #read(store: string): Promise<IDBObjectStore> {
    return (await this.#begin(store, 'readonly')).objectStore(store);
  }

  /** Starts a transaction. Reopens the database if the browser has closed it, as it may in the background. */
  async #begin(stores: string | string[], mode: IDBTransactionMode): Promise<IDBTransaction> {
    try {
      return this.#database.transaction(stores, mode);
    } catch (error) {
      if (this.#isClosed) throw error;
      this.#database = await this.#open();
      return this.#database.transaction(stores, mode);
    }
  }

  async #prune(peer: string): Promise<void> {
    const added = (this.#addedSincePrune.get(peer) ?? PRUNE_EVERY - 1) + 1;
    this.#addedSincePrune.set(peer, added % PRUNE_EVERY);
    if (added < PRUNE_EVERY) return;
    const transaction = await this.#begin(MESSAGES, 'readwrite');
    const index = transaction.objectStore(MESSAGES).index(BY_PLACE);
    let excess = (await resultOf(index.count(placesOf(peer, undefined)))) - this.#maxMessages;
    if (excess <= 0) return;
    await eachOf(index.openCursor(placesOf(peer, undefined)), (cursor) => {
      if ((cursor.value as Stored).pendingOrder === undefined) cursor.delete();
      excess -= 1;
      return excess > 0;
    });
  }
}

function openDatabase(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const request = factory.open(name, 1);
  request.onupgradeneeded = () => {
    const messages = request.result.createObjectStore(MESSAGES, { keyPath: 'id' });
    messages.createIndex(BY_PLACE, ['peer', 'order']);
    messages.createIndex(BY_PENDING, 'pendingOrder');
    request.result.createObjectStore(CONVERSATIONS, { keyPath: 'peer' });
  };
  return resultOf(request).then((database) => {
    // Another tab wants to delete or upgrade the database.
    database.onversionchange = () => database.close();
    return database;
  });
}

/** The key range of a conversation, with an order below `before` if given. */
function placesOf(peer: string, before: number | undefined): IDBKeyRange {
  return IDBKeyRange.bound([peer, 0], [peer, before ?? Number.MAX_SAFE_INTEGER], false, true);
}

function toStored(message: ChatMessage): Stored {
  const plain = fromStored(message);
  const isPending = plain.kind === 'outgoing' && plain.delivery === 'pending';
  return isPending ? { ...plain, pendingOrder: plain.order } : plain;
}

function fromStored({ pendingOrder: _, ...message }: Stored): ChatMessage {
  return message;
}
