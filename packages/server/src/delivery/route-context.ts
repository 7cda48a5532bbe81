import type { Packet } from '@imcore/protocol';
import { encodeFrameBody } from '@imcore/protocol';
import type { UndeliveredReason } from '../events.js';
import type { RouteHost, RouteQueues } from '../ports/route.js';
import type { Runtime } from '../runtime.js';
import type { UserRegistry } from '../users/user-registry.js';
import { Delivery, type Origin } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import type { FallbackRoute } from './fallback-route.js';

/** What the routes of an application or of a bridge work with. */
export class RouteContext implements RouteHost {
  readonly runtime: Runtime;
  readonly queues: RouteQueues | undefined;
  readonly #users: UserRegistry;
  readonly #dispatcher: Dispatcher;
  readonly #fallback: FallbackRoute;

  constructor(
    runtime: Runtime,
    users: UserRegistry,
    dispatcher: Dispatcher,
    fallback: FallbackRoute,
    queues: RouteQueues | undefined,
  ) {
    this.runtime = runtime;
    this.queues = queues;
    this.#users = users;
    this.#dispatcher = dispatcher;
    this.#fallback = fallback;
  }

  isOnline(userId: string): boolean {
    return this.#users.find(userId)?.isOnline === true;
  }

  dispatch(packet: Packet, from: string, to: string, origin: Origin): void {
    const { reportBug, clock } = this.runtime;
    const delivery = new Delivery(packet, encodeFrameBody(packet), from, to, origin, reportBug);
    this.#dispatcher.dispatch(delivery, this.#users.find(to), clock.now());
  }

  fallBack(delivery: Delivery, reason: UndeliveredReason): void {
    this.#fallback.take(delivery, reason);
  }
}
