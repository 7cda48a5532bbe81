import { escapeIdentifier } from 'pg';

/** What a row of `log_message` or `dead_letter` takes besides its texts: header, other columns, index entries. In bytes. */
export const MESSAGE_OVERHEAD = 150;
/** What a remembered key takes, in bytes. */
export const KEY_OVERHEAD = 200;
/** What an echo takes, in bytes. */
export const ECHO_OVERHEAD = 100;

/** SQL: the bytes that a row of `log_message` or `dead_letter` takes. */
export const ROW_BYTES = `(octet_length(body) + octet_length(sender) + octet_length(fingerprint) + ${MESSAGE_OVERHEAD})`;

/** The tables of a schema, quoted, and parts of statements about them. */
export interface Tables {
  readonly log: string;
  readonly state: string;
  readonly message: string;
  readonly key: string;
  readonly forgotten: string;
  readonly echo: string;
  readonly device: string;
  readonly dead: string;
  readonly thread: string;
  readonly version: string;
  readonly total: string;
  /** SQL: the next number of a message. */
  readonly nextId: string;
  /**
   * SQL that adds to the totals. Each connection has its shard: a single row would be a bottleneck. A statement does it last,
   * so that there is no deadlock.
   */
  add(change: {
    readonly waiting?: string;
    readonly waitingBytes?: string;
    readonly dead?: string;
    readonly bytes?: string;
  }): string;
}

export function tablesOf(schema: string): Tables {
  const quoted = escapeIdentifier(schema);
  const total = `${quoted}.imcore_total`;
  return {
    log: `${quoted}.user_log`,
    state: `${quoted}.log_state`,
    message: `${quoted}.log_message`,
    key: `${quoted}.log_key`,
    forgotten: `${quoted}.forgotten`,
    echo: `${quoted}.echo`,
    device: `${quoted}.device`,
    dead: `${quoted}.dead_letter`,
    thread: `${quoted}.thread`,
    version: `${quoted}.imcore_version`,
    total,
    nextId: `nextval('${quoted.replaceAll("'", "''")}.log_message_id')`,
    add: ({ waiting = '0', waitingBytes = '0', dead = '0', bytes = '0' }) =>
      `UPDATE ${total} SET waiting = waiting + (${waiting}), waiting_bytes = waiting_bytes + (${waitingBytes}),
         dead = dead + (${dead}), total_bytes = total_bytes + (${bytes}) WHERE shard = pg_backend_pid() % 64`,
  };
}

/** SQL: how many rows a part of a statement has, and the sum of a column of it. */
export const countOf = (rows: string): string => `(SELECT count(*) FROM ${rows})`;
export const sumOf = (column: string, rows: string): string =>
  `(SELECT coalesce(sum(${column}), 0)::bigint FROM ${rows})`;
