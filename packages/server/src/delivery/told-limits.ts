import { type DeadLetter, OUTBOX_ID, type QueueLimit } from '../ports/message-store.js';
import type { CourierParts } from './courier-parts.js';
import type { Delivery } from './delivery.js';
import { toDeadMessage } from './kept-message.js';

type Parts = Pick<CourierParts, 'events' | 'metrics'>;

/** A receiver's mailbox has no room for a message. */
export function tellFull({ metrics, events }: Parts, delivery: Delivery, limit: QueueLimit): void {
  metrics.limitQueue += 1;
  if (!events.has('queueFull')) return;
  const { to: userId, message } = delivery;
  events.emit('queueFull', { userId, limit, message });
}

/** Messages had to make room for newer ones. */
export function tellDisplaced({ metrics, events }: Parts, letters: readonly DeadLetter[]): void {
  const messages = letters.filter(isMessage);
  metrics.messagesDisplaced += messages.length;
  if (!events.has('displaced')) return;
  for (const letter of messages) events.emit('displaced', toDeadMessage(letter));
}

/** There were more dead letters than the store keeps: the oldest are gone. */
export function tellDeleted({ metrics, events }: Parts, letters: readonly DeadLetter[]): void {
  const messages = letters.filter(isMessage);
  metrics.limitDeadLetters += messages.length;
  if (!events.has('deadLetterDeleted')) return;
  for (const letter of messages) events.emit('deadLetterDeleted', toDeadMessage(letter));
}

/** Whether a letter is a user's, and not a slip of the bridge's outbox. */
export function isMessage({ to }: DeadLetter): boolean {
  return to !== OUTBOX_ID;
}
