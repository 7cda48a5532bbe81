import { type BinaryString, encodeFrameBody, type Packet } from '@imcore/protocol';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import type { RouteHost, RouteQueues } from '../ports/route.js';
import type { Runtime } from '../runtime.js';
import type { UserRegistry } from '../users/user-registry.js';
import { Delivery, type Origin } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import type { FallbackRoute } from './fallback-route.js';

/** The server, as routes of an application or of a bridge see it. */
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
    const { type, dataContent, fp, typeu, bridge, sm } = packet;
    const QoS = packet.QoS && fp !== undefined;
    const addressed: Packet = { type, dataContent, from, to, fp, QoS, typeu, bridge, sm };
    const delivery = new Delivery(addressed, encodeFrameBody(addressed), from, to, origin, reportBug);
    this.#dispatcher.dispatch(delivery, this.#users.find(to), clock.now());
  }

  accept(delivery: Delivery, outcome: SendOutcome, acknowledgement?: BinaryString): void {
    if (!delivery.moveTo(outcome === 'stored' ? 'persisted' : 'acknowledged')) return;
    delivery.origin.accepted(delivery, outcome, this.runtime.clock.now(), acknowledgement);
  }

  fallBack(delivery: Delivery, reason: UndeliveredReason): void {
    this.#fallback.take(delivery, reason);
  }
}
