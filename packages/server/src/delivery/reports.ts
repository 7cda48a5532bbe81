import { isUserId } from '@imcore/protocol';
import { toDeadMessage } from '../message.js';
import type { DeadLetter, QueueLimit } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { Outlet } from '../users/outlet.js';
import type { Delivery } from './delivery.js';

/** Reports a message that is too long for its receiver's transport, once for each session that skips it. */
export function reportTooLarge(
  { metrics, events }: Runtime,
  tooLarge: Pick<Delivery, 'message' | 'body'>,
  { info, maxSendBytes }: Pick<Outlet, 'info' | 'maxSendBytes'>,
): void {
  metrics.messagesTooLarge += 1;
  if (!events.has('tooLarge')) return;
  const { message, body } = tooLarge;
  events.emit('tooLarge', { message, bytes: body.length, maxBytes: maxSendBytes, transport: info.transport });
}

/** Reports that the receiver's queue, or the whole store, has no room for a message. Returns why it is undeliverable. */
export function reportQueueFull(
  { metrics, events }: Runtime,
  delivery: Delivery,
  limit: QueueLimit,
): 'queue-full' | 'store-full' {
  const isStoreFull = limit === 'maxTotalBytes';
  if (isStoreFull) metrics.limitStore += 1;
  else metrics.limitQueue += 1;
  if (events.has('queueFull')) {
    const { to: userId, message } = delivery;
    events.emit('queueFull', { userId, limit, message });
  }
  return isStoreFull ? 'store-full' : 'queue-full';
}

/** Reports messages that were displaced by newer ones. */
export function reportDisplaced({ metrics, events }: Runtime, deadLetters: readonly DeadLetter[]): void {
  const messages = deadLetters.filter(isMessage);
  metrics.messagesDisplaced += messages.length;
  if (!events.has('displaced')) return;
  for (const deadLetter of messages) events.emit('displaced', toDeadMessage(deadLetter));
}

/** Reports dead letters that were deleted because there were more than `maxDeadLetters`. */
export function reportDeleted({ metrics, events }: Runtime, deadLetters: readonly DeadLetter[]): void {
  const messages = deadLetters.filter(isMessage);
  metrics.limitDeadLetters += messages.length;
  if (!events.has('deadLetterDeleted')) return;
  for (const deadLetter of messages) events.emit('deadLetterDeleted', toDeadMessage(deadLetter));
}

/** Whether a dead letter was for a user. Routes may keep records of their own in the store, which are not messages. */
export function isMessage({ to }: DeadLetter): boolean {
  return isUserId(to);
}
