import type { LiveSession } from '../sessions/live-session.js';
import type { CourierParts } from './courier-parts.js';
import type { Delivery } from './delivery.js';

/** Reports a message that is longer than its receiver's transport carries, each time that a session cannot be given it. */
export function tellTooLarge(
  { metrics, events }: Pick<CourierParts, 'metrics' | 'events'>,
  delivery: Delivery,
  { info, maxSendBytes }: LiveSession,
): void {
  metrics.messagesTooLarge += 1;
  if (!events.has('tooLarge')) return;
  const { message, body } = delivery;
  events.emit('tooLarge', { message, bytes: body.length, maxBytes: maxSendBytes, transport: info.transport });
}
