import type {
  DeadLetter,
  Entry,
  KeptRecord,
  LogPage,
  StoredDevice,
  StoredMessage,
} from '@imcore/server/ports';
import type { DeadRow } from './dead-statements.js';
import type { EntryRow } from './read-statements.js';
import { fromFingerprintKey, fromKey } from './text-key.js';

/** The columns of a message in each kind of row. */
interface MessageColumns {
  readonly receiver_id: Buffer;
  readonly sender: Buffer;
  readonly fingerprint: Buffer;
  readonly body: Buffer;
  readonly accepted_at: string;
}

/** A row of `history` and `threads`. */
export interface RecordRow extends MessageColumns {
  readonly id: string;
}

/** A row of `devices`. */
export interface DeviceRow {
  readonly id: Buffer;
  readonly kind: Buffer;
  readonly name: Buffer;
  readonly position: string;
  readonly seen_at: string;
}

export function toRecord(row: RecordRow): KeptRecord {
  return { ...toMessage(row), id: Number(row.id) };
}

export function toDeadLetter(row: DeadRow): DeadLetter {
  return {
    ...toMessage(row),
    id: Number(row.id),
    messageId: Number(row.message_id),
    cause: row.cause,
    deadLetteredAt: Number(row.died_at),
  };
}

/** The page of `take` and `read`; of a user without a row it is empty. */
export function toPage(rows: readonly EntryRow[]): LogPage {
  const entries = rows.flatMap((row): Entry[] =>
    row.position === null
      ? []
      : [
          {
            ...toMessage(row),
            id: Number(row.id),
            position: Number(row.position),
            kind: row.is_echo ? 'echo' : 'message',
          },
        ],
  );
  const [first] = rows;
  return {
    entries,
    removed: Number(first?.log_removed ?? 0),
    last: Number(first?.log_last ?? 0),
    hasNamedDevice: first?.has_named === true,
  };
}

export function toDevice({ id, kind, name, position, seen_at }: DeviceRow): StoredDevice {
  return {
    id: fromKey(id),
    kind: fromKey(kind),
    name: fromKey(name),
    position: Number(position),
    seenAt: Number(seen_at),
  };
}

function toMessage(row: MessageColumns): StoredMessage {
  return {
    to: fromKey(row.receiver_id),
    from: fromKey(row.sender),
    fingerprint: fromFingerprintKey(row.fingerprint),
    body: row.body.toString('latin1'),
    acceptedAt: Number(row.accepted_at),
  };
}
