import type { DeadLetter, DeadLetterCause, Entry, KeptRecord } from '@imcore/server/ports';
import { checksumOf } from './checksum.js';
import { ECHO } from './entry-rows.js';
import { bytesOf, integerOf, numberOf, textOf } from './rows.js';
import { fromColumn, fromFingerprintColumn } from './text-column.js';

/** Columns read for a message, with the receiver's id from its row in the table `user`. */
export const COLUMNS = `message.id AS id, receiver, user.id AS receiver_id, message.position AS position, sender, echo,
  fingerprint, accepted_at, message.size AS size, conversation, state, refs, body, checksum`;

/** The tables of {@link COLUMNS}. The receiver's row is missing only in a damaged file. */
export const MESSAGES = 'message LEFT JOIN user ON user.no = receiver';

/** Columns of a dead letter in addition. */
export const DEAD_COLUMNS = 'dead.id AS dead_id, dead.cause AS cause, dead.dead_at AS dead_at';

/** The tables of both. */
export const DEAD_LETTERS =
  'dead JOIN message ON message.id = dead.message LEFT JOIN user ON user.no = dead.user';

const CAUSES: readonly DeadLetterCause[] = ['expired', 'displaced', 'damaged'];

export function causeNumber(cause: DeadLetterCause): number {
  return CAUSES.indexOf(cause);
}

/**
 * Returns `undefined` for a message that was altered in the file. Messages of older versions have no checksum.
 *
 * @param receiver as it is in its column; that of the row by default
 */
export function toIntactMessage(
  row: unknown,
  receiver: string = textOf(row, 'receiver_id'),
): KeptRecord | undefined {
  const sender = textOf(row, 'sender');
  const fingerprint = textOf(row, 'fingerprint');
  const body = bytesOf(row, 'body');
  const checksum = integerOf(row, 'checksum');
  if (checksum !== undefined && checksum !== checksumOf(receiver, sender, fingerprint, body))
    return undefined;
  return messageOf(row, receiver, sender, fingerprint, body);
}

export function isIntact(row: unknown): boolean {
  return toIntactMessage(row) !== undefined;
}

/**
 * An entry from its row and its message's, or `undefined` if one of them was altered in the file. The columns of the entry are
 * `user`, `at` and `kind`.
 *
 * @param user the id of the log's user, as it is in its column
 */
export function toIntactEntry(row: unknown, user: string): Entry | undefined {
  const isEcho = numberOf(row, 'kind') === ECHO;
  const at = numberOf(row, 'at');
  const isOwn = isEcho
    ? textOf(row, 'sender') === user && numberOf(row, 'echo') === at
    : numberOf(row, 'receiver') === numberOf(row, 'user') && numberOf(row, 'position') === at;
  if (!isOwn) return undefined;
  const message = isEcho ? toIntactMessage(row) : toIntactMessage(row, user);
  return message === undefined ? undefined : { ...message, position: at, kind: isEcho ? 'echo' : 'message' };
}

function messageOf(
  row: unknown,
  receiver: string,
  sender: string,
  fingerprint: string,
  body: Buffer,
): KeptRecord {
  return {
    id: numberOf(row, 'id'),
    to: fromColumn(receiver),
    from: fromColumn(sender),
    fingerprint: fromFingerprintColumn(fingerprint),
    body: body.toString('latin1'),
    acceptedAt: numberOf(row, 'accepted_at'),
  };
}

/** A dead letter as it is given to the application. */
interface DeadLetterFields {
  readonly id: number;
  readonly cause: DeadLetterCause;
  readonly deadLetteredAt: number;
}

/** A dead letter from its row and its message's. If the message was altered in the file, its cause is `damaged`. */
export function toDeadLetter(row: unknown, fields: DeadLetterFields = fieldsOf(row)): DeadLetter {
  const intact = toIntactMessage(row);
  const { id: messageId, ...message } =
    intact ??
    messageOf(
      row,
      textOf(row, 'receiver_id'),
      textOf(row, 'sender'),
      textOf(row, 'fingerprint'),
      bytesOf(row, 'body'),
    );
  return {
    ...message,
    id: fields.id,
    messageId,
    cause: intact === undefined ? 'damaged' : fields.cause,
    deadLetteredAt: fields.deadLetteredAt,
  };
}

function fieldsOf(row: unknown): DeadLetterFields {
  return {
    id: numberOf(row, 'dead_id'),
    cause: CAUSES[numberOf(row, 'cause')] ?? 'expired',
    deadLetteredAt: numberOf(row, 'dead_at'),
  };
}
