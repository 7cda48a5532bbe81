import type { Message } from '@imcore/client';
import type { AppEvent } from '../model/events.js';
import { incomingId, nextOrder, type Outcome, type OutgoingMessage } from '../model/message.js';
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
  /** The receivers of pending messages, by fingerprint. */
  readonly #peers = new Map<string, string>();
  #link: Link | undefined;
  #lastOrder = 0;
  #isOver = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  logIn(timeout: 'short' | 'long'): void {
    const { account, tabs } = this.#parts;
    this.#link?.close();
    tabs.take(account);
    this.#link = new Link(account, timeout, this.#listener(timeout));
  }

  /** Loads the conversation list from the history. */
  showHistory(): void {
    const read = async () => {
      const history = await this.#history;
      this.#lastOrder = Math.max(this.#lastOrder, await history.lastOrder());
      const conversations = await history.conversations();
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
    void this.#attempt(this.#history.then(write));
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
      online: () => {
        if (isFirst && timeout === 'short') {
          dispatch({ kind: 'signed-in', at: now(), isFocused: isFocused() });
        } else this.#dispatch({ kind: 'online', at: now() });
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
      measured: (roundTripMs) => this.#dispatch({ kind: 'measured', roundTripMs: Math.round(roundTripMs) }),
    };
  }

  async #receive({ from, content, fingerprint }: Message): Promise<void> {
    const { newId, now } = this.#parts;
    const history = await this.#history;
    await this.#listed;
    const message = {
      kind: 'incoming',
      id: incomingId(from, fingerprint ?? newId()),
      peer: from === '' ? SERVER_ID : from,
      text: content,
      at: now(),
      order: this.nextOrder(),
    } as const;
    if (await history.add(message)) this.#dispatch({ kind: 'received', message });
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
