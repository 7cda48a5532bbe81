import type { Message } from '@imcore/client';
import type { AppEvent } from '../model/events.js';
import { incomingId, nextOrder, type Outcome, type OutgoingMessage } from '../model/message.js';
import { messageOfView, threadOfView } from '../model/server-conversation.js';
import { PAGE_SIZE } from '../model/thread.js';
import { SERVER_ID } from '../model/user-id.js';
import type { Account } from '../model/workspace.js';
import { FallbackHistory } from './fallback-history.js';
import type { History } from './history.js';
import { Link, type LinkListener } from './link.js';
import { MemoryHistory } from './memory-history.js';
import type { Tabs } from './tabs.js';

/** The collaborators of a session. */
interface SessionParts {
  readonly account: Account;
  readonly dispatch: (event: AppEvent) => void;
  readonly openHistory: (account: Account) => Promise<History>;
  readonly tabs: Tabs;
  readonly now: () => number;
  readonly newId: () => string;
  readonly isFocused: () => boolean;
  /** Up to when the user has deleted a conversation, in milliseconds since 1970; 0 if not. */
  readonly clearedAt: (peer: string) => number;
  /** Stands for a message that the server has left out because it is too long. */
  readonly cutText: () => string;
}

/**
 * The login and history of one user, from login to logout. Received messages are stored before they are shown, outgoing
 * ones before they are sent. Owns the link and the history.
 */
export class Session {
  readonly #parts: SessionParts;
  #opened: Promise<History> | undefined;
  /** Resolves when the list is loaded. Earlier messages wait for it, or else the list would contain only them. */
  #listed: Promise<void> = Promise.resolve();
  /** The chain of outgoing messages, in order. */
  #outgoing: Promise<void> = Promise.resolve();
  /** The chain of writes to the history. */
  #writes: Promise<void> = Promise.resolve();
  /** The receivers of pending messages, by fingerprint. */
  readonly #peers = new Map<string, string>();
  #link: Link | undefined;
  #lastOrder = 0;
  #watched: string | undefined;
  /** When this page has signed in first, by the server's clock. */
  #startedAt = Number.POSITIVE_INFINITY;
  /** Whether this browser had no messages of the user before. */
  #isFirstUse = false;
  #otherDevices: Promise<boolean> | undefined;
  #isOver = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  logIn(timeout: 'short' | 'long'): void {
    const { account, tabs } = this.#parts;
    this.#link?.close();
    tabs.take(account);
    this.#link = new Link(account, timeout, this.#listener(timeout));
    this.#link.watch(this.#watched);
  }

  /** Loads the conversation list from the history. */
  showHistory(): void {
    const read = async () => {
      const history = await this.#history;
      this.#lastOrder = Math.max(this.#lastOrder, await history.lastOrder());
      const conversations = await history.conversations();
      this.#isFirstUse = conversations.length === 0;
      this.#dispatch({ kind: 'history-opened', conversations });
    };
    this.#listed = this.#attempt(read());
  }

  showPage(peer: string, before: number | undefined): void {
    const read = async () => {
      const page = await (await this.#history).page(peer, before, PAGE_SIZE);
      this.#dispatch({ kind: 'page-loaded', peer, ...page });
    };
    void this.#attempt(read());
  }

  /** Shows the server's history of a conversation as soon as it is read, and what changes in it. */
  watch(peer: string | undefined): void {
    if (peer === this.#watched) return;
    this.#watched = peer;
    this.#link?.watch(peer);
  }

  loadOlder(peer: string): void {
    if (peer === this.#watched) this.#link?.loadOlder();
  }

  showDevices(): void {
    const read = async (): Promise<void> => {
      const devices = await this.#link?.devices().catch(() => undefined);
      this.#dispatch({ kind: 'devices-found', devices });
    };
    void read();
  }

  removeDevice(id: string): void {
    void this.#link
      ?.removeDevice(id)
      .catch(() => {})
      .then(() => this.showDevices());
  }

  /** Stores a message as pending, then sends it. */
  post(message: OutgoingMessage): void {
    const keep = async () => {
      const history = await this.#history;
      const isNew = await history.add(message);
      if (!isNew) await history.setDelivery(message.id, 'pending', undefined);
    };
    this.#outgoing = this.#outgoing
      .then(() => this.#attempt(keep()))
      .then(() => this.#link && this.#send(this.#link, message));
  }

  /** Writes to the history, in the order of the calls. */
  keep(write: (history: History) => Promise<void>): void {
    this.#writes = this.#writes.then(() => this.#attempt(this.#history.then(write)));
  }

  retryNow(): void {
    this.#link?.retryNow();
  }

  /** Returns an `order` after all messages so far. */
  nextOrder(): number {
    this.#lastOrder = nextOrder(this.#lastOrder, this.#parts.now());
    return this.#lastOrder;
  }

  /** Logs out and releases all resources. */
  close(): void {
    this.#isOver = true;
    this.#link?.close();
    this.#parts.tabs.release();
    void this.#opened?.then((history) => history.close());
  }

  get #history(): Promise<History> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** Opens the stored history; falls back to memory if the browser has none, for example in private windows. */
  async #open(): Promise<History> {
    try {
      const kept = await this.#parts.openHistory(this.#parts.account);
      return new FallbackHistory(kept, () => this.#dispatch({ kind: 'history-failed' }));
    } catch {
      this.#dispatch({ kind: 'history-failed' });
      return new MemoryHistory();
    }
  }

  #listener(timeout: 'short' | 'long'): LinkListener {
    const { dispatch, now, tabs, isFocused } = this.#parts;
    let isFirst = true;
    return {
      online: (isDevice) => {
        const at = now();
        this.#startedAt = Math.min(this.#startedAt, this.#link?.serverTime(at) ?? at);
        if (isFirst && timeout === 'short') {
          dispatch({ kind: 'signed-in', at, isFocused: isFocused(), isDevice });
        } else this.#dispatch({ kind: 'online', at, isDevice });
        if (isFirst && this.#link !== undefined) this.#postPending(this.#link);
        isFirst = false;
      },
      connecting: () => this.#dispatch({ kind: 'connecting' }),
      waiting: (retryAt, problem) => this.#dispatch({ kind: 'waiting', retryAt, problem }),
      kicked: (code, reason) => {
        if (isFirst && timeout === 'short')
          this.#dispatch({ kind: 'sign-in-failed', problem: { code: 'kicked' } });
        const at = now();
        this.#dispatch({ kind: 'kicked', code, reason, at, isOwnBrowser: tabs.wasTaken(at) });
      },
      failed: (problem) => this.#dispatch({ kind: 'sign-in-failed', problem }),
      restored: (messages) => {
        for (const { fingerprint, to } of messages) this.#peers.set(fingerprint, to);
      },
      settled: (fingerprint, outcome) => void this.#listed.then(() => this.#settle(fingerprint, outcome)),
      received: (message) => this.#attempt(this.#receive(message)),
      listed: () => void this.#listed.then(() => this.#showList()),
      changed: () => this.#showWatched(),
      measured: (roundTripMs) => this.#dispatch({ kind: 'measured', roundTripMs: Math.round(roundTripMs) }),
    };
  }

  async #receive(received: Message): Promise<void> {
    const { newId, now } = this.#parts;
    const history = await this.#history;
    await this.#listed;
    const { from, content, fingerprint, serverTime } = received;
    // The user has deleted it, and the page was closed before the client could store that it was handled.
    if ((serverTime ?? Number.POSITIVE_INFINITY) <= this.#parts.clearedAt(received.conversation ?? from))
      return;
    const base = { text: content, at: serverTime ?? now(), order: this.nextOrder() };
    if (received.isOwn === true) {
      await this.#receiveOwn({
        ...base,
        peer: received.conversation ?? received.to,
        id: fingerprint ?? newId(),
      });
      return;
    }
    const message = {
      ...base,
      kind: 'incoming',
      id: incomingId(from, fingerprint ?? newId()),
      peer: from === '' ? SERVER_ID : from,
    } as const;
    const isUnknown = await history.add(message);
    // Each tab is a device with a log of its own, and all tabs share the stored history. So a message that is stored may be new
    // in this tab; but not one from before this tab has signed in: then it was stored before a reload.
    const isEarlier = serverTime !== undefined && serverTime < this.#startedAt;
    if (!isUnknown && (serverTime === undefined || isEarlier)) return;
    const isReadElsewhere = isEarlier && this.#isFirstUse && (await this.#hasOtherDevices());
    this.#dispatch({ kind: 'received', message, isNew: !isReadElsewhere });
  }

  /** Whether the user has other devices. Then what a new one gets of the log at first counts as read. */
  #hasOtherDevices(): Promise<boolean> {
    this.#otherDevices ??= (this.#link?.devices() ?? Promise.resolve([])).then(
      (devices) => devices.some(({ isOwn }) => !isOwn),
      () => false,
    );
    return this.#otherDevices;
  }

  /** Another device of the user has sent a message, or this one before a restart. */
  async #receiveOwn(base: Omit<OutgoingMessage, 'kind' | 'delivery'>): Promise<void> {
    const history = await this.#history;
    const message: OutgoingMessage = { ...base, kind: 'outgoing', delivery: 'stored' };
    if (await history.add(message)) this.#dispatch({ kind: 'echoed', message });
    else {
      const { id, peer, at } = message;
      this.#dispatch({ kind: 'settled', id, peer, outcome: { delivery: 'stored', at } });
    }
  }

  #showList(): void {
    const newest = this.#link?.newest ?? [];
    if (newest.length === 0) return;
    const cutText = this.#parts.cutText();
    this.#dispatch({ kind: 'conversations-found', newest: newest.map((one) => messageOfView(one, cutText)) });
  }

  #showWatched(): void {
    const [peer, snapshot] = [this.#watched, this.#link?.watched];
    if (peer === undefined || snapshot === undefined) return;
    const { clearedAt, cutText } = this.#parts;
    const thread = threadOfView(snapshot, clearedAt(peer), cutText());
    if (thread !== undefined) this.#dispatch({ kind: 'thread-shown', peer, thread });
  }

  /**
   * Sends the pending messages of an earlier page that did not reach the outbox, or whose outcome is unknown. The receiver
   * detects duplicates by the fingerprint.
   */
  #postPending(link: Link): void {
    const post = async () => {
      for (const message of await (await this.#history).pending()) this.#send(link, message);
    };
    this.#outgoing = this.#outgoing.then(() => this.#attempt(post()));
  }

  #send(link: Link, { id, peer, text }: OutgoingMessage): void {
    this.#peers.set(id, peer);
    link.send(peer, text, id);
  }

  #settle(id: string, outcome: Outcome): void {
    const peer = this.#peers.get(id);
    this.#peers.delete(id);
    if (peer !== undefined) this.#dispatch({ kind: 'settled', id, peer, outcome });
  }

  #dispatch(event: AppEvent): void {
    if (!this.#isOver) this.#parts.dispatch(event);
  }

  /** Reports a failure of the history, for example on a full disk, without stopping the conversation. */
  async #attempt(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch {
      this.#dispatch({ kind: 'history-failed' });
    }
  }
}
