import type { Instant } from '@imcore/protocol';
import type { Delivery } from '../delivery/delivery.js';
import type { UndeliveredReason } from '../events.js';
import type { Route, RouteAnswer } from '../ports/route.js';
import type { User } from '../users/user.js';
import type { ServerCluster } from './server-cluster.js';

/**
 * Takes messages to users who are online at other nodes. Those with QoS go through the shared store, and the append hints their
 * nodes; those without are sent to the nodes, and are lost where the bus loses them.
 *
 * Without this route, an application's route, such as a bridge, would get them first.
 */
export class ClusterRoute implements Route {
  readonly name = 'cluster';
  readonly #cluster: ServerCluster;
  readonly #store: Route;

  constructor(cluster: ServerCluster, store: Route) {
    this.#cluster = cluster;
    this.#store = store;
  }

  take(delivery: Delivery, receiver: User | undefined, now: Instant, reason: UndeliveredReason): RouteAnswer {
    if (reason !== 'offline' || !this.#cluster.isElsewhere(delivery.to)) return reason;
    if (delivery.fingerprint !== undefined) return this.#store.take(delivery, receiver, now, reason);
    if (!this.#cluster.pass(delivery)) return 'too-large';
    delivery.moveTo('acknowledged');
    delivery.origin.accepted(delivery, 'written', now);
    return 'taken';
  }
}
