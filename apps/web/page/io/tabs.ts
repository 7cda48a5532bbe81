import type { Account } from '../model/desk.js';

/** How long other tabs have to answer, in milliseconds. */
const ANSWER_MS = 150;
/** How long after another tab said that it logs in a kick-out is taken as its doing, in milliseconds. */
const BLAME_MS = 10_000;

interface Note {
  readonly kind: 'who-is-there' | 'i-am' | 'i-log-in';
  readonly user: string;
  readonly server: string;
}

/**
 * What the tabs and windows of one browser tell each other: one user has one connection, and the newest login ends
 * the older. Where the browser has no BroadcastChannel nobody answers.
 */
export class Tabs {
  readonly #channel: BroadcastChannel | undefined;
  #account: Account | undefined;
  #takenAt = Number.NEGATIVE_INFINITY;
  #answered: (() => void) | undefined;

  constructor(channel: BroadcastChannel | undefined, now: () => number) {
    this.#channel = channel;
    if (channel === undefined) return;
    channel.onmessage = ({ data }: MessageEvent<Note>) => {
      if (data.kind === 'i-am') this.#answered?.();
      if (!isFor(this.#account, data)) return;
      if (data.kind === 'who-is-there') this.#say('i-am', this.#account);
      if (data.kind === 'i-log-in') this.#takenAt = now();
    };
  }

  /** Whether another tab has this user's connection. */
  async hasOther(account: Account): Promise<boolean> {
    if (this.#channel === undefined) return false;
    return await new Promise((resolve) => {
      this.#answered = () => resolve(true);
      setTimeout(() => resolve(false), ANSWER_MS);
      this.#say('who-is-there', account);
    });
  }

  /** Says that this tab logs in now. */
  take(account: Account): void {
    this.#account = account;
    this.#say('i-log-in', account);
  }

  release(): void {
    this.#account = undefined;
  }

  /** Whether another tab has just taken the connection. */
  wasTaken(now: number): boolean {
    return now - this.#takenAt < BLAME_MS;
  }

  #say(kind: Note['kind'], account: Account | undefined): void {
    if (account === undefined) return;
    this.#channel?.postMessage({ kind, user: account.userId, server: account.server } satisfies Note);
  }
}

function isFor(account: Account | undefined, { user, server }: Note): boolean {
  return account?.userId === user && account.server === server;
}
