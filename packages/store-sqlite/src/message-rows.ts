import type { DeadLetter, DeadLetterCause, WaitingMessage } from '@imcore/server/ports';
import { bytesOf, numberOf, textOf } from './rows.js';
import { fromColumn } from './text-column.js';

/** Columns read for a message. */
export const COLUMNS =
  'id, receiver, sender, fingerprint, accepted_at, size, coalesce(origin, id) AS origin, cause, done_at, body';

const CAUSES: readonly DeadLetterCause[] = ['expired', 'displaced'];

export function causeNumber(cause: DeadLetterCause): number {
  return CAUSES.indexOf(cause);
}

export function toWaitingMessage(row: unknown): WaitingMessage {
  return {
    id: numberOf(row, 'id'),
    to: fromColumn(textOf(row, 'receiver')),
    from: fromColumn(textOf(row, 'sender')),
    fingerprint: fromColumn(textOf(row, 'fingerprint')),
    body: bytesOf(row, 'body').toString('latin1'),
    acceptedAt: numberOf(row, 'accepted_at'),
  };
}

/** A dead letter from its row; cause and time can be given for a message that is just becoming one. */
export function toDeadLetter(
  row: unknown,
  cause: DeadLetterCause = CAUSES[numberOf(row, 'cause')] ?? 'expired',
  deadLetteredAt: number = numberOf(row, 'done_at'),
): DeadLetter {
  return { ...toWaitingMessage(row), cause, deadLetteredAt };
}
