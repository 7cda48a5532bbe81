import type { Statement } from './statement.js';
import { countOf, ECHO_OVERHEAD, KEY_OVERHEAD, MESSAGE_OVERHEAD, sumOf, type Tables } from './tables.js';

/** Maximum messages of one append statement. Statements are padded to powers of two with empty rows. */
export const MAX_APPEND_ROWS = 2048;

/** Bits of the flags of a message, in the statement with options. */
export const IGNORES_LIMITS = 1;
export const HAS_ECHO = 2;

/** A row of the result. `n` of a draft with `id` and `position`: stored; without: its log is full. See {@link appendStatement}. */
export interface AppendRow {
  readonly n: number | null;
  readonly id: string | null;
  readonly position: string | null;
  readonly echo: string | null;
}

/** What all messages of an append have in common. */
export interface AppendLimits {
  /** How many distinct users the messages lock. */
  readonly locked: number;
  /** How many distinct users they name; with history the senders, too. Only with options. */
  readonly users: number;
  /** Limits of what waits for a user; undefined: none. */
  readonly maxPerUser: number | undefined;
  readonly maxBytesPerUser: number | undefined;
  readonly maxLogEntries: number;
  /** Only with options. */
  readonly keepsHistory: boolean;
}

/** The values of one message: receiver, key, sender, fingerprint, body, accepted_at, and with options flags. */
type AppendValues = readonly [Buffer, Buffer, Buffer, Buffer, Buffer, number, number];

/** Values before those of the messages, without and with options. */
const FIRST_VALUES = 4;
const FIRST_VALUES_WITH_OPTIONS = 6;

/**
 * An append in one round trip; run alone it is its own transaction. It locks the logs, in the order of their numbers, leaves out
 * what is known and what is full, gives positions, inserts, and adds to the logs and to the totals.
 *
 * No other node can append a message to a locked log, so positions are dense, and readers see them in order. The statement
 * cannot see what was committed between its start and its lock: then the key is not unique, it fails, and the caller
 * repeats it in a transaction that has the locks already.
 *
 * Values: those of {@link AppendLimits}, then those of the messages. Result: a row for each stored message and for each
 * whose log is full; with `n` null a row with `position` null if a user has no row yet (then nothing was stored), and
 * one with `position` -1 and the user's number in `id` if the log must be trimmed, -2 if it has an echo for no device.
 * Messages without a row are known.
 *
 * The statement without options has no flags, echoes or history: it is faster. Multi-row VALUES are faster than `unnest` of arrays.
 */
export function appendStatement(tables: Tables, hasOptions: boolean): (rows: number) => Statement {
  const made = new Map<number, Statement>();
  return (rows) => {
    const known = made.get(rows);
    if (known !== undefined) return known;
    const name = `imcore_append_${hasOptions ? 'with_' : ''}${rows}`;
    const statement = { name, text: textOf(tables, rows, hasOptions) };
    made.set(rows, statement);
    return statement;
  };
}

export function appendValues(
  limits: AppendLimits,
  rows: readonly AppendValues[],
  hasOptions: boolean,
): { readonly size: number; readonly values: unknown[] } {
  const size = 2 ** Math.ceil(Math.log2(rows.length));
  const { locked, users, maxPerUser, maxBytesPerUser, maxLogEntries, keepsHistory } = limits;
  const values: unknown[] = [locked, maxPerUser ?? null, maxBytesPerUser ?? null, maxLogEntries];
  if (hasOptions) values.push(users, keepsHistory);
  const width = hasOptions ? 7 : 6;
  for (const row of rows) for (let at = 0; at < width; at += 1) values.push(row[at]);
  for (let missing = (size - rows.length) * width; missing > 0; missing -= 1) values.push(null);
  return { size, values };
}

function textOf(tables: Tables, rows: number, hasOptions: boolean): string {
  const types = ['bytea', 'uuid', 'bytea', 'bytea', 'bytea', 'bigint', ...(hasOptions ? ['integer'] : [])];
  const first = hasOptions ? FIRST_VALUES_WITH_OPTIONS : FIRST_VALUES;
  const values = Array.from({ length: rows }, (_, row) => {
    const at = first + row * types.length + 1;
    return `(${row}, ${types.map((type, column) => `$${at + column}::${type}`).join(', ')})`;
  });
  const columns = `n, receiver, key, sender, fingerprint, body, accepted_at${hasOptions ? ', flags' : ''}`;
  const limited = hasOptions ? `flags & ${IGNORES_LIMITS} = 0` : 'true';
  return `WITH v (${columns}) AS MATERIALIZED (VALUES ${values.join(', ')}),
    locked AS MATERIALIZED (
      SELECT no, id, last, sent, sent_bytes FROM ${tables.log} WHERE id = ANY (ARRAY(
        SELECT receiver FROM v WHERE receiver IS NOT NULL
        ${hasOptions ? `UNION SELECT sender FROM v WHERE flags & ${HAS_ECHO} <> 0` : 'GROUP BY receiver'}))
      ORDER BY no FOR NO KEY UPDATE),
    ${hasOptions ? peopleOf(tables) : ''}
    known AS MATERIALIZED (SELECT key FROM ${tables.key} WHERE key = ANY (ARRAY(SELECT key FROM v WHERE key IS NOT NULL))),
    states AS MATERIALIZED (SELECT no, gone, gone_bytes, removed_entries, devices FROM ${tables.state}
      WHERE no = ANY (ARRAY(SELECT no FROM locked))),
    fresh AS MATERIALIZED (
      SELECT v.*, l.no, l.last FROM v JOIN locked AS l ON l.id = v.receiver
      WHERE v.key NOT IN (SELECT key FROM known) AND (SELECT count(*) FROM locked) = $1::bigint
        ${hasOptions ? 'AND (SELECT count(*) FROM people) = $5::bigint' : ''}),
    tight AS MATERIALIZED (
      SELECT no FROM (SELECT no, count(*) AS added, sum(octet_length(body)) AS bytes FROM fresh WHERE ${limited} GROUP BY no) AS a
      JOIN locked USING (no) JOIN states USING (no)
      WHERE sent - gone + added > $2::bigint OR sent_bytes - gone_bytes + bytes > $3::bigint),
    admitted AS MATERIALIZED (SELECT * FROM fresh WHERE no NOT IN (SELECT no FROM tight)),
    ${hasOptions ? numberedWithOptions(tables) : numbered(tables)},
    adds AS MATERIALIZED (${hasOptions ? ADDS_WITH_OPTIONS : ADDS}),
    moved AS (
      UPDATE ${tables.log} AS l SET last = l.last + a.entries, sent = l.sent + a.messages, sent_bytes = l.sent_bytes + a.bytes
      FROM adds AS a WHERE l.no = a.no AND l.no = ANY (ARRAY(SELECT no FROM adds)) RETURNING l.no, l.last),
    added AS (${tables.add({
      waiting: countOf('numbered'),
      waitingBytes: sumOf('octet_length(body)', 'numbered'),
      bytes: `${sumOf(`octet_length(body) + octet_length(sender) + octet_length(fingerprint) + ${MESSAGE_OVERHEAD + KEY_OVERHEAD}`, 'numbered')}
        ${hasOptions ? `+ ${ECHO_OVERHEAD} * (SELECT count(echo) FROM numbered)` : ''}`,
    })})
    SELECT n, id, position, ${hasOptions ? 'echo' : 'NULL::bigint AS echo'} FROM numbered
    UNION ALL SELECT n, NULL, NULL, NULL FROM fresh WHERE no IN (SELECT no FROM tight)
    UNION ALL SELECT NULL, NULL, NULL, NULL FROM locked HAVING count(*) <> $1::bigint
      ${hasOptions ? 'OR (SELECT count(*) FROM people) <> $5::bigint' : ''}
    UNION ALL SELECT NULL, no, -1, NULL FROM moved JOIN states USING (no)
      WHERE last - removed_entries > $4::bigint AND devices > 0
    ${hasOptions ? 'UNION ALL SELECT NULL, no, -2, NULL FROM echoes JOIN states USING (no) WHERE devices = 0' : ''}`;
}

/** All users that a batch names: with history, the number of a sender is needed as well. */
function peopleOf({ log }: Tables): string {
  return `people AS MATERIALIZED (
      SELECT no, id FROM ${log} WHERE id = ANY (ARRAY(SELECT receiver FROM v WHERE receiver IS NOT NULL
        UNION SELECT sender FROM v WHERE flags & ${HAS_ECHO} <> 0 OR $6::boolean AND sender IS NOT NULL))),`;
}

/** Numbers in the order of `n`: a subquery that is sorted is evaluated row by row. */
function numbered({ message, key, nextId }: Tables): string {
  return `numbered AS MATERIALIZED (
      SELECT *, ${nextId} AS id FROM (
        SELECT *, last + row_number() OVER (PARTITION BY no ORDER BY n) AS position FROM admitted ORDER BY n) AS o),
    messages AS (
      INSERT INTO ${message} (receiver, position, id, accepted_at, since, key, sender, fingerprint, body)
      SELECT no, position, id, accepted_at, accepted_at, key, sender, fingerprint, body FROM numbered),
    keys AS (INSERT INTO ${key} (key, id, receiver, position) SELECT key, id, no, position FROM numbered)`;
}

const ADDS =
  'SELECT no, count(*) AS entries, count(*) AS messages, sum(octet_length(body)) AS bytes FROM numbered GROUP BY no';

/** As `numbered`, with entries for the senders, and with history. */
function numberedWithOptions({ message, key, echo, thread, nextId }: Tables): string {
  return `entries AS MATERIALIZED (
      SELECT n, is_echo, no, last + row_number() OVER (PARTITION BY no ORDER BY n, is_echo) AS position FROM (
        SELECT n, false AS is_echo, no, last FROM admitted
        UNION ALL SELECT a.n, true, s.no, s.last FROM admitted AS a JOIN locked AS s ON s.id = a.sender
          WHERE a.flags & ${HAS_ECHO} <> 0) AS e),
    numbered AS MATERIALIZED (
      SELECT *, ${nextId} AS id FROM (
        SELECT a.*, e.position, c.position AS echo, p.no AS sender_no FROM admitted AS a
        JOIN entries AS e ON e.n = a.n AND NOT e.is_echo
        LEFT JOIN entries AS c ON c.n = a.n AND c.is_echo
        LEFT JOIN people AS p ON p.id = a.sender ORDER BY a.n) AS o),
    messages AS (
      INSERT INTO ${message} (receiver, position, id, accepted_at, since, key, sender, fingerprint, body, echo, pair_a, pair_b)
      SELECT no, position, id, accepted_at, accepted_at, key, sender, fingerprint, body, echo,
        CASE WHEN $6::boolean THEN least(no, sender_no) END, CASE WHEN $6::boolean THEN greatest(no, sender_no) END
      FROM numbered),
    keys AS (INSERT INTO ${key} (key, id, receiver, position) SELECT key, id, no, position FROM numbered),
    echoes AS (
      INSERT INTO ${echo} (user_no, position, receiver, message_position)
      SELECT sender_no, echo, no, position FROM numbered WHERE echo IS NOT NULL RETURNING user_no AS no),
    threads AS (
      INSERT INTO ${thread} AS t (user_no, other, last)
      SELECT one, two, max(id) FROM (SELECT no AS one, sender_no AS two, id FROM numbered
        UNION ALL SELECT sender_no, no, id FROM numbered) AS pairs WHERE $6::boolean
      GROUP BY one, two ORDER BY one, two
      ON CONFLICT (user_no, other) DO UPDATE SET last = greatest(t.last, excluded.last))`;
}

const ADDS_WITH_OPTIONS = `
      SELECT e.no, count(*) AS entries, count(*) FILTER (WHERE NOT is_echo) AS messages,
        coalesce(sum(octet_length(body)) FILTER (WHERE NOT is_echo), 0) AS bytes
      FROM entries AS e JOIN numbered USING (n) GROUP BY e.no`;
