import type { HistoryPage } from '../log-request.js';
import { HistoryReader } from './history-reader.js';
import { MessageWindow } from './message-window.js';
import { messageOfHistory } from './messages.js';
import type { ConversationSnapshot, ViewMessage } from './snapshots.js';
import { Subscribers } from './subscribers.js';

/** What a {@link Thread} needs of its view. */
export interface ThreadHost {
  readonly maxMessages: number;
  readonly pageSize: number;
  /** Whether the history may be read; undefined before the first login. */
  readonly hasHistory: boolean | undefined;
  nextKey(): string;
  read(conversation: string, before: number | undefined, limit: number): Promise<HistoryPage>;
  unread(conversation: string): number;
}

/** What a conversation shows that is not open. */
export const NOTHING: ConversationSnapshot = Object.freeze({
  items: Object.freeze([]),
  older: 'loading',
  unread: 0,
});

/** The messages of one conversation that are in memory, and who looks at them. */
export class Thread {
  window: MessageWindow;
  readonly subscribers = new Subscribers();
  readonly #conversation: string;
  readonly #host: ThreadHost;
  #reader: HistoryReader;
  #snapshot: ConversationSnapshot = NOTHING;
  #isOpen = false;

  constructor(conversation: string, host: ThreadHost) {
    this.#conversation = conversation;
    this.#host = host;
    this.window = new MessageWindow(host.maxMessages);
    this.#reader = this.#createReader();
  }

  get snapshot(): ConversationSnapshot {
    const items = this.window.items;
    const older = this.#reader.state;
    const unread = this.#host.unread(this.#conversation);
    const last = this.#snapshot;
    if (last.items !== items || last.older !== older || last.unread !== unread)
      this.#snapshot = Object.freeze({ items, older, unread });
    return this.#snapshot;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The first subscriber has come: reads the newest messages. */
  open(): void {
    this.#isOpen = true;
    this.#reader = this.#createReader();
    this.online();
  }

  /** The last subscriber has left. `keepsAll`: nothing could be read again. */
  close(keepsAll: boolean): void {
    this.#isOpen = false;
    this.#reader.close();
    if (!keepsAll) this.window.keepUnsettled();
  }

  /** The client is online, or it is known whether there is a history. */
  online(): void {
    const { hasHistory } = this.#host;
    if (this.#isOpen && hasHistory !== undefined) this.#reader.online(hasHistory);
  }

  /** Another user has logged in. */
  reset(): void {
    this.#reader.close();
    this.window = new MessageWindow(this.#host.maxMessages);
    this.#reader = this.#createReader();
    this.#changed();
  }

  /** A message has arrived, or is being sent. */
  put(message: ViewMessage): void {
    this.window.put(message);
    this.#changed();
  }

  addGap(reason: string): void {
    this.window.addGap({ kind: 'gap', key: this.#host.nextKey(), reason, state: 'missing' });
    if (this.#host.hasHistory === true) this.#reader.refresh();
    this.#changed();
  }

  loadOlder(): Promise<void> {
    return this.#isOpen ? this.#reader.loadOlder() : Promise.resolve();
  }

  /** Something has changed that the snapshot shows. */
  changed(): void {
    this.#changed();
  }

  #createReader(): HistoryReader {
    const host = this.#host;
    return new HistoryReader(this.window, host.pageSize, {
      read: (before, limit) => host.read(this.#conversation, before, limit),
      found: (message) => this.window.put(messageOfHistory(message, host.nextKey())),
      changed: () => this.#changed(),
    });
  }

  #changed(): void {
    if (this.window.trim()) this.#reader.trimmed();
    this.subscribers.notify();
  }
}
