import { type BinaryString, decodeFrameBody } from '@imcore/protocol';
import { Delivery } from '../delivery/delivery.js';
import type { FallbackRoute } from '../delivery/fallback-route.js';
import type { LocalRoute } from '../delivery/local-route.js';
import { storedOrigin } from '../delivery/origins.js';
import type { Runtime } from '../runtime.js';
import type { UserRegistry } from '../users/user-registry.js';

/**
 * Writes a message without QoS that another node has passed on to its receiver. It is dropped if the receiver is not online here
 * any more, or reads too slowly.
 *
 * @throws ProtocolError for bytes that are no frame body: a bug of the other node
 */
export function deliverPassed(
  { clock, reportBug }: Runtime,
  users: UserRegistry,
  local: LocalRoute,
  fallback: FallbackRoute,
  body: BinaryString,
): void {
  const packet = decodeFrameBody(body);
  const { from = '', to = '' } = packet;
  const delivery = new Delivery(packet, body, from, to, storedOrigin, reportBug);
  // Messages with QoS go through the store.
  const isExpected = delivery.fingerprint === undefined;
  const answer = isExpected ? local.take(delivery, users.find(to), clock.now()) : 'offline';
  if (answer !== 'taken') fallback.drop(delivery, answer);
}
