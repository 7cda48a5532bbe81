import type { StoreId } from '@imcore/server/ports';
import type { ClientBase } from 'pg';
import { appendValues, MAX_APPEND_ROWS } from './append-statement.js';
import { type Draft, stored } from './draft.js';
import type { Statements } from './statements.js';
import { hashOf } from './text-key.js';

/**
 * Number of locks that receivers are hashed to. An append to many receivers takes many; all nodes together never hold
 * more than this, which fits into PostgreSQL's default lock table.
 */
const RECEIVER_LOCKS = 512;

/**
 * The locks of these receivers, sorted: all nodes take them in the same order, so that there is no deadlock.
 *
 * Ids are assigned at the insert and visible after the commit. Without the lock a larger id could be visible before a
 * smaller one, and a reader whose cursor has passed the larger one would never read the smaller. PostgreSQL releases the
 * lock after the commit is visible.
 */
function locksOf(userIds: Iterable<string>): readonly number[] {
  const locks = new Set<number>();
  for (const userId of userIds) locks.add(hashOf(userId) % RECEIVER_LOCKS);
  return [...locks].sort((a, b) => a - b);
}

/** SQL that begins a transaction and locks these receivers' queues until its end. */
export function beginLocked(lockClass: number, userIds: Iterable<string>): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${lockClass}, n) FROM unnest('{${locksOf(userIds).join()}}'::int[]) AS n`;
}

/** Splits drafts into the groups that are inserted with one statement. */
export function chunksOf(drafts: readonly Draft[]): readonly (readonly Draft[])[] {
  const chunks: (readonly Draft[])[] = [];
  for (let from = 0; from < drafts.length; from += MAX_APPEND_ROWS) {
    chunks.push(drafts.slice(from, from + MAX_APPEND_ROWS));
  }
  return chunks;
}

/**
 * Inserts one chunk and sets each draft's result. Duplicates are looked up by a second statement, which sees all rows that
 * conflicted with the first.
 */
export async function insert(
  client: ClientBase,
  statements: Statements,
  lockClass: number,
  isKept: boolean,
  drafts: readonly Draft[],
): Promise<void> {
  const locks = locksOf(drafts.map(({ message }) => message.to));
  const rowOf = ({ message, receiver, sender, fingerprint }: Draft) =>
    [receiver, sender, fingerprint, Buffer.from(message.body, 'latin1'), message.acceptedAt] as const;
  const { size, values } = appendValues(lockClass, locks, isKept, drafts.map(rowOf));
  const { rows } = await client.query<{ id: string }>({ ...statements.append(size), values });
  const ids = rows.map(({ id }) => Number(id));
  if (ids.length < drafts.length) return settle(client, statements, drafts, new Set(ids));
  for (const [index, id] of ids.entries()) {
    const draft = drafts[index];
    if (draft !== undefined) draft.result = stored(id);
  }
}

/** Sets the result of drafts that are already stored. */
export async function findKnown(
  client: ClientBase,
  statements: Statements,
  drafts: readonly Draft[],
): Promise<void> {
  if (drafts.length === 0) return;
  const { rows } = await client.query<{ n: string; id: string; waits: boolean }>({
    ...statements.find,
    values: [
      drafts.map(({ sender }) => sender),
      drafts.map(({ fingerprint }) => fingerprint),
      drafts.map(({ receiver }) => receiver),
    ],
  });
  for (const { n, id, waits } of rows) {
    const draft = drafts[Number(n) - 1];
    if (draft === undefined || draft.result !== undefined) continue;
    draft.result = { outcome: 'duplicate', id: waits ? Number(id) : undefined };
  }
}

/** Finds out which drafts are duplicates: those whose id is not among the new ones. */
async function settle(
  client: ClientBase,
  statements: Statements,
  drafts: readonly Draft[],
  newIds: ReadonlySet<StoreId>,
): Promise<void> {
  await findKnown(client, statements, drafts);
  for (const draft of drafts) {
    const { result } = draft;
    if (result?.outcome === 'duplicate' && result.id !== undefined && newIds.has(result.id)) {
      draft.result = stored(result.id);
    }
  }
}
