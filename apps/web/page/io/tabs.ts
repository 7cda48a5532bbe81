import type { Account } from '../model/workspace.js';

/** How long to wait for the response of other tabs, in milliseconds. */
const ANSWER_MS = 150;
/** How long after the login of another tab a kick-out is attributed to it, in milliseconds. */
const KICK_OUT_MS = 10_000;

interface TabMessage {
  readonly kind: 'query' | 'present' | 'login';
  readonly user: string;
  readonly server: string;
}

/**
 * Coordinates the tabs and windows of one browser: a user has one connection, and a new login ends the previous one.
 * Without BroadcastChannel, other tabs are not detected.
 */
export class Tabs {
  readonly #channel: BroadcastChannel | undefined;
  #account: Account | undefined;
  #takenAt = Number.NEGATIVE_INFINITY;
  #answered: (() => void) | undefined;

  constructor(channel: BroadcastChannel | undefined, now: () => number) {
    this.#channel = channel;
    if (channel === undefined) return;
    channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
      if (data.kind === 'present') this.#answered?.();
      if (!isFor(this.#account, data)) return;
      if (data.kind === 'query') this.#post('present', this.#account);
      if (data.kind === 'login') this.#takenAt = now();
    };
  }

  /** Returns whether another tab is logged in as this user. */
  async hasOther(account: Account): Promise<boolean> {
    if (this.#channel === undefined) return false;
    return await new Promise((resolve) => {
      this.#answered = () => resolve(true);
      setTimeout(() => resolve(false), ANSWER_MS);
      this.#post('query', account);
    });
  }

  /** Announces that this tab logs in. */
  take(account: Account): void {
    this.#account = account;
    this.#post('login', account);
  }

  release(): void {
    this.#account = undefined;
  }

  /** Returns whether another tab has just logged in as this user. */
  wasTaken(now: number): boolean {
    return now - this.#takenAt < KICK_OUT_MS;
  }

  #post(kind: TabMessage['kind'], account: Account | undefined): void {
    if (account === undefined) return;
    this.#channel?.postMessage({ kind, user: account.userId, server: account.server } satisfies TabMessage);
  }
}

function isFor(account: Account | undefined, { user, server }: TabMessage): boolean {
  return account?.userId === user && account.server === server;
}
