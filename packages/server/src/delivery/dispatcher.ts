import type { Instant } from '@imcore/protocol';
import type { UndeliveredReason } from '../events.js';
import type { Route } from '../ports/route.js';
import type { User } from '../users/user.js';
import type { Delivery } from './delivery.js';
import type { FallbackRoute } from './fallback-route.js';

/**
 * Gives each message to the first route that accepts it. The sender is not acknowledged before a route is responsible:
 * until then the sender retransmits.
 *
 * @see docs/adr/0002-acknowledge-after-taking-responsibility.md
 */
export class Dispatcher {
  readonly #fallback: FallbackRoute;
  #routes: readonly Route[] = [];
  #isStopped = false;

  constructor(fallback: FallbackRoute) {
    this.#fallback = fallback;
  }

  /** Sets the routes, in the order in which they are asked. The fallback comes after them. */
  use(routes: readonly Route[]): void {
    this.#routes = routes;
  }

  /** Routes a message to a user, who may be unknown on this server. The outcome is reported to the message's origin. */
  dispatch(delivery: Delivery, receiver: User | undefined, now: Instant): void {
    if (this.#isStopped) {
      this.#fallback.drop(delivery, 'offline');
      return;
    }
    let reason: UndeliveredReason = 'offline';
    for (const route of this.#routes) {
      const answer = route.take(delivery, receiver, now, reason);
      if (answer === 'taken') return;
      reason = answer;
    }
    this.#fallback.take(delivery, reason, receiver?.session);
  }

  /** From now on messages are dropped. A slow hook may still allow messages after the server has closed. */
  stop(): void {
    this.#isStopped = true;
  }
}
