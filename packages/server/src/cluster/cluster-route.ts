import type { Instant } from '@imcore/protocol';
import type { Delivery } from '../delivery/delivery.js';
import type { UndeliveredReason } from '../events.js';
import type { Route, RouteAnswer } from '../ports/route.js';
import type { User } from '../users/user.js';

/**
 * Takes messages to users who are online at other nodes: they go through the shared store, and the append hints their nodes.
 *
 * Without this route, an application's route, such as a bridge, would get them first.
 */
export class ClusterRoute implements Route {
  readonly name = 'cluster';
  readonly #isElsewhere: (userId: string) => boolean;
  readonly #store: Route;

  constructor(isElsewhere: (userId: string) => boolean, store: Route) {
    this.#isElsewhere = isElsewhere;
    this.#store = store;
  }

  take(delivery: Delivery, receiver: User | undefined, now: Instant, reason: UndeliveredReason): RouteAnswer {
    const isForOthers = reason === 'offline' && this.#isElsewhere(delivery.to);
    return isForOthers ? this.#store.take(delivery, receiver, now, reason) : reason;
  }
}
