import type { DeadLetter, DeadLetterCause, WaitingMessage } from '@imcore/server/ports';
import type { MessageRow } from './statements.js';
import { fromFingerprintKey, fromKey } from './text-key.js';

export interface DeadRow extends MessageRow {
  readonly cause: DeadLetterCause;
  readonly died_at: string;
}

export function toMessage(row: MessageRow): WaitingMessage {
  return {
    id: Number(row.id),
    to: fromKey(row.receiver),
    from: fromKey(row.sender),
    fingerprint: fromFingerprintKey(row.fingerprint),
    body: row.body.toString('latin1'),
    acceptedAt: Number(row.accepted_at),
  };
}

export function toDeadLetter(row: MessageRow, cause: DeadLetterCause, deadLetteredAt: number): DeadLetter {
  return { ...toMessage(row), cause, deadLetteredAt };
}
