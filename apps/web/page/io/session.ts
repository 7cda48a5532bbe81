import type { Message } from '@imcore/client';
import type { Account } from '../model/desk.js';
import type { AppEvent } from '../model/events.js';
import { incomingId, nextOrder, type Outcome, type OutgoingMessage } from '../model/message.js';
import { PAGE_SIZE } from '../model/thread.js';
import { SERVER_ID } from '../model/user-id.js';
import type { History } from './history.js';
import { Link, type LinkListener } from './link.js';
import { MemoryHistory } from './memory-history.js';
import { SureHistory } from './sure-history.js';
import type { Tabs } from './tabs.js';

/** What a session needs of the page. */
interface SessionParts {
  readonly account: Account;
  readonly dispatch: (event: AppEvent) => void;
  readonly openHistory: (account: Account) => Promise<History>;
  readonly tabs: Tabs;
  readonly now: () => number;
  readonly newId: () => string;
  readonly isWatched: () => boolean;
}

/**
 * One user's login and history, from login to logout: what comes in is kept before it is shown, what goes out before
 * it is sent. Owns link and history.
 */
export class Session {
  readonly #parts: SessionParts;
  #opened: Promise<History> | undefined;
  /** When the list is read: what comes before that waits, for alone it would be taken for all that there is. */
  #listed: Promise<void> = Promise.resolve();
  /** What goes out, one after the other. */
  #outgoing: Promise<void> = Promise.resolve();
  /** Whom messages without an outcome go to, by their fingerprints. */
  readonly #peers = new Map<string, string>();
  #link: Link | undefined;
  #lastOrder = 0;
  #isOver = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  logIn(patience: 'brief' | 'endless'): void {
    const { account, tabs } = this.#parts;
    this.#link?.close();
    tabs.take(account);
    this.#link = new Link(account, patience, this.#listener(patience));
  }

  /** Reads the history for the list. */
  showHistory(): void {
    const read = async () => {
      const history = await this.#history;
      this.#lastOrder = Math.max(this.#lastOrder, await history.lastOrder());
      const conversations = await history.conversations();
      this.#tell({ kind: 'history-opened', conversations });
    };
    this.#listed = this.#attempt(read());
  }

  showPage(peer: string, before: number | undefined): void {
    const read = async () => {
      const page = await (await this.#history).page(peer, before, PAGE_SIZE);
      this.#tell({ kind: 'page-loaded', peer, ...page });
    };
    void this.#attempt(read());
  }

  /** Keeps a message, or that it is to be sent again, then sends it. */
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

  /** Does something with the history, in the order of the calls. */
  keep(write: (history: History) => Promise<void>): void {
    void this.#attempt(this.#history.then(write));
  }

  retryNow(): void {
    this.#link?.retryNow();
  }

  /** A place behind everything so far. */
  nextOrder(): number {
    this.#lastOrder = nextOrder(this.#lastOrder, this.#parts.now());
    return this.#lastOrder;
  }

  /** Logs out and lets go of everything. */
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

  /** In memory where the browser keeps nothing: some do not in private windows. */
  async #open(): Promise<History> {
    try {
      const kept = await this.#parts.openHistory(this.#parts.account);
      return new SureHistory(kept, () => this.#tell({ kind: 'history-failed' }));
    } catch {
      this.#tell({ kind: 'history-failed' });
      return new MemoryHistory();
    }
  }

  #listener(patience: 'brief' | 'endless'): LinkListener {
    const { dispatch, now, tabs, isWatched } = this.#parts;
    let isFirst = true;
    return {
      online: () => {
        if (isFirst && patience === 'brief') {
          dispatch({ kind: 'signed-in', at: now(), isWatched: isWatched() });
        } else this.#tell({ kind: 'online', at: now() });
        if (isFirst && this.#link !== undefined) this.#postPending(this.#link);
        isFirst = false;
      },
      connecting: () => this.#tell({ kind: 'connecting' }),
      waiting: (retryAt, problem) => this.#tell({ kind: 'waiting', retryAt, problem }),
      kicked: (code, reason) => {
        if (isFirst && patience === 'brief')
          this.#tell({ kind: 'sign-in-failed', problem: { code: 'kicked' } });
        const at = now();
        this.#tell({ kind: 'kicked', code, reason, at, isOwnBrowser: tabs.wasTaken(at) });
      },
      failed: (problem) => this.#tell({ kind: 'sign-in-failed', problem }),
      restored: (messages) => {
        for (const { fingerprint, to } of messages) this.#peers.set(fingerprint, to);
      },
      settled: (fingerprint, outcome) => void this.#listed.then(() => this.#settle(fingerprint, outcome)),
      received: (message) => this.#attempt(this.#receive(message)),
      measured: (roundTripMs) => this.#tell({ kind: 'measured', roundTripMs: Math.round(roundTripMs) }),
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
    if (await history.add(message)) this.#tell({ kind: 'received', message });
  }

  /**
   * Sends what an earlier page has kept and not handed over to the outbox any more, or has not heard of since: the
   * receiver sees a fingerprint once.
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
    if (peer !== undefined) this.#tell({ kind: 'settled', id, peer, outcome });
  }

  #tell(event: AppEvent): void {
    if (!this.#isOver) this.#parts.dispatch(event);
  }

  /** The history may fail, for instance on a full disk: that must not stop the talk, and must not go unseen. */
  async #attempt(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch {
      this.#tell({ kind: 'history-failed' });
    }
  }
}
