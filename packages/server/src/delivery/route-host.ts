import { encodeFrameBody, type Packet } from '@imcore/protocol';
import type { ServerCluster } from '../cluster/server-cluster.js';
import type { RouteHost, RouteQueues } from '../ports/route.js';
import type { Runtime } from '../runtime.js';
import type { UserRegistry } from '../users/user-registry.js';
import { Delivery } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import type { FallbackRoute } from './fallback-route.js';

/** The server, as routes of an application or of a bridge see it. */
export const createRouteHost = (
  runtime: Runtime,
  users: UserRegistry,
  dispatcher: Dispatcher,
  fallback: FallbackRoute,
  queues: RouteQueues | undefined,
  cluster: ServerCluster | undefined,
): RouteHost => ({
  runtime,
  queues,
  isInCluster: cluster !== undefined,
  isOnline: (userId) => users.find(userId)?.isOnline === true || cluster?.isElsewhere(userId) === true,
  appended(userId) {
    queues?.queueOf(userId)?.wake();
    cluster?.appended(userId);
  },
  dispatch(packet, from, to, origin) {
    const { type, dataContent, fp, typeu, bridge, sm } = packet;
    const QoS = packet.QoS && fp !== undefined;
    const addressed: Packet = { type, dataContent, from, to, fp, QoS, typeu, bridge, sm };
    const body = encodeFrameBody(addressed);
    const delivery = new Delivery(addressed, body, from, to, origin, runtime.reportBug);
    dispatcher.dispatch(delivery, users.find(to), runtime.clock.now());
  },
  accept(delivery, outcome, acknowledgement) {
    if (!delivery.moveTo(outcome === 'stored' ? 'persisted' : 'acknowledged')) return;
    delivery.origin.accepted(delivery, outcome, runtime.clock.now(), acknowledgement);
  },
  fallBack: (delivery, reason) => fallback.take(delivery, reason),
});
