import type { ImServer } from '@imcore/server';
import type { PresenceEvents } from '../presence.js';

/**
 * Checks that the events of users agree with the sessions: after each turn exactly those users are reported online who have a
 * session.
 */
export class SessionWatch {
  readonly #onBreach: (text: string) => void;
  #server: ImServer | undefined = undefined;
  #online = new Set<string>();
  #isDirty = false;

  constructor(onBreach: (text: string) => void) {
    this.#onBreach = onBreach;
  }

  /** Follows a new server, which takes the place of the one before. `events`: what its application is told. */
  follow(server: ImServer, events: PresenceEvents): void {
    this.#server = server;
    this.#online = new Set();
    const isCurrent = (): boolean => this.#server === server;
    const changed = (): void => {
      if (isCurrent()) this.#isDirty = true;
    };
    events.on('online', ({ userId }) => {
      if (isCurrent()) this.#online.add(userId);
      changed();
    });
    events.on('offline', ({ userId }) => {
      if (isCurrent()) this.#online.delete(userId);
      changed();
    });
    server.on('sessionStarted', changed);
    server.on('sessionEnded', changed);
  }

  /** The server has crashed: what it says does not count. */
  stop(): void {
    this.#server = undefined;
  }

  /** To be called after each turn. */
  check(): void {
    const server = this.#server;
    if (!this.#isDirty || server === undefined) return;
    this.#isDirty = false;
    const withSession = new Set(server.sessions().map(({ userId }) => userId));
    for (const userId of withSession)
      if (!this.#online.has(userId)) this.#onBreach(`${userId} has a session and was not reported online`);
    for (const userId of this.#online)
      if (!withSession.has(userId)) this.#onBreach(`${userId} was reported online and has no session`);
  }
}
