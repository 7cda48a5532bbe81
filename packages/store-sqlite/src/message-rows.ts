import type { DeadLetter, DeadLetterCause, WaitingMessage } from '@imcore/server/ports';
import { checksumOf } from './checksum.js';
import { bytesOf, integerOf, numberOf, textOf } from './rows.js';
import { fromColumn, fromFingerprintColumn } from './text-column.js';

/** Columns read for a message. */
export const COLUMNS =
  'id, receiver, sender, fingerprint, accepted_at, size, coalesce(origin, id) AS origin, cause, done_at, body, checksum';

const CAUSES: readonly DeadLetterCause[] = ['expired', 'displaced', 'damaged'];

export function causeNumber(cause: DeadLetterCause): number {
  return CAUSES.indexOf(cause);
}

/** Returns `undefined` for a message that was altered in the file. Messages of older versions have no checksum. */
export function toIntactMessage(row: unknown): WaitingMessage | undefined {
  const receiver = textOf(row, 'receiver');
  const sender = textOf(row, 'sender');
  const fingerprint = textOf(row, 'fingerprint');
  const body = bytesOf(row, 'body');
  const checksum = integerOf(row, 'checksum');
  if (checksum !== undefined && checksum !== checksumOf(receiver, sender, fingerprint, body))
    return undefined;
  return {
    id: numberOf(row, 'id'),
    to: fromColumn(receiver),
    from: fromColumn(sender),
    fingerprint: fromFingerprintColumn(fingerprint),
    body: body.toString('latin1'),
    acceptedAt: numberOf(row, 'accepted_at'),
  };
}

export function isIntact(row: unknown): boolean {
  return toIntactMessage(row) !== undefined;
}

/** A message from its row, which may have been altered in the file. */
function toMessage(row: unknown): WaitingMessage {
  return {
    id: numberOf(row, 'id'),
    to: fromColumn(textOf(row, 'receiver')),
    from: fromColumn(textOf(row, 'sender')),
    fingerprint: fromFingerprintColumn(textOf(row, 'fingerprint')),
    body: bytesOf(row, 'body').toString('latin1'),
    acceptedAt: numberOf(row, 'accepted_at'),
  };
}

/**
 * A dead letter from its row; cause and time can be given for a message that is just becoming one. If it was altered, its
 * cause is `damaged`.
 */
export function toDeadLetter(
  row: unknown,
  cause: DeadLetterCause = CAUSES[numberOf(row, 'cause')] ?? 'expired',
  deadLetteredAt: number = numberOf(row, 'done_at'),
): DeadLetter {
  const intact = toIntactMessage(row);
  return intact === undefined
    ? { ...toMessage(row), cause: 'damaged', deadLetteredAt }
    : { ...intact, cause, deadLetteredAt };
}
