import type { Instant } from '@imcore/protocol';
import { keyOf } from '../journal.js';
import type { ClusterWorld } from './cluster-world.js';

/** How often the sessions are checked, and in every so manyth check the store, in milliseconds and checks. */
const CHECK_EVERY_MS = 50;
const STORE_EVERY = 5;

/** The session of a user as the watch has seen it. */
interface Seen {
  readonly session: string;
  readonly since: Instant;
}

/**
 * Watches a calm cluster: no user has sessions at two nodes for longer than nodes need to agree, and what is stored for a user
 * who is online reaches the user in time.
 */
export class Watch {
  readonly #world: ClusterWorld;
  /** Since when a user has had sessions at several nodes. */
  readonly #severalSince = new Map<string, Instant>();
  readonly #online = new Map<string, Seen>();
  /** When messages were first seen to wait, by key. */
  readonly #waitingSince = new Map<string, Instant>();
  readonly #received = new Set<string>();
  #receivedUpTo = 0;
  #checks = 0;

  constructor(world: ClusterWorld) {
    this.#world = world;
  }

  /** Advances the clock by `ms`, and checks meanwhile. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= CHECK_EVERY_MS) {
      await this.#world.clock.advanceAsync(Math.min(left, CHECK_EVERY_MS));
      this.#checks += 1;
      for (const userId of this.#world.plan.users) this.#checkSessions(userId);
      if (this.#checks % STORE_EVERY === 0)
        for (const userId of this.#world.plan.users) await this.#checkStore(userId);
    }
  }

  #checkSessions(userId: string): void {
    const { clock, plan, journal } = this.#world;
    const sessions = this.#world.sessionsOf(userId);
    const now = clock.now();
    const [only] = sessions;
    const session = only && `${only.node.name} ${only.session.remoteAddress} ${only.session.remotePort}`;
    if (sessions.length !== 1 || session === undefined) this.#online.delete(userId);
    else if (this.#online.get(userId)?.session !== session) this.#online.set(userId, { session, since: now });
    if (sessions.length < 2) {
      this.#severalSince.delete(userId);
      return;
    }
    const since = this.#severalSince.get(userId) ?? now;
    this.#severalSince.set(userId, since);
    if (now - since <= plan.settleMs) return;
    const where = sessions
      .map(({ node, session }) => `${node.name} (${session.firstLoginTime})`)
      .join(' and ');
    journal.breach(`${userId} has had sessions at ${where} for ${now - since} ms`);
    // One breach for each time.
    this.#severalSince.set(userId, Number.POSITIVE_INFINITY);
  }

  async #checkStore(userId: string): Promise<void> {
    const { clock, plan, journal } = this.#world;
    const now = clock.now();
    this.#readJournal();
    for (const { from, fingerprint } of await this.#world.waiting(userId)) {
      const key = keyOf(from, fingerprint);
      const since = this.#waitingSince.get(key) ?? now;
      this.#waitingSince.set(key, since);
      const online = this.#online.get(userId);
      if (online === undefined || this.#received.has(key)) continue;
      const waited = now - Math.max(since, online.since);
      if (waited <= plan.lateMs) continue;
      journal.breach(
        `${fingerprint} from ${from} waits in the store for ${userId}, online, for ${waited} ms`,
      );
      this.#waitingSince.set(key, Number.POSITIVE_INFINITY);
    }
  }

  #readJournal(): void {
    const { received } = this.#world.journal;
    for (const { from, fingerprint } of received.slice(this.#receivedUpTo))
      this.#received.add(keyOf(from, fingerprint));
    this.#receivedUpTo = received.length;
  }
}
