import { type AppendResult, type StoredMessage, StoreError, type StoreId } from '@imcore/server/ports';
import type { ClientBase } from 'pg';
import type { MailboxCounts } from './mailbox-counts.js';
import { MAX_INSERT_ROWS, type Statements } from './statements.js';
import { hashOf, toKey } from './text-key.js';

/**
 * Into how many locks receivers are divided. An append of many receivers takes many; all nodes together never hold
 * more than these, which every PostgreSQL has room for.
 */
const RECEIVER_LOCKS = 512;

/** A message whose sender, receiver and fingerprint no other of the same append has. */
interface Draft {
  readonly message: StoredMessage;
  readonly sender: Buffer;
  readonly fingerprint: Buffer;
  result: AppendResult | undefined;
}

/**
 * Begins a transaction that appends: it has these receivers' mailboxes to itself until its end.
 *
 * Ids are given at the insert and seen at the commit. Without the lock a larger id could be seen before a smaller
 * one, and a reader whose cursor has passed the larger would never take the smaller. PostgreSQL frees the lock after
 * the commit is seen. All nodes take the locks in the same order, so that none waits in a circle.
 */
export function beginAppend(lockClass: number, messages: readonly StoredMessage[]): string {
  const locks = [...new Set(messages.map(({ to }) => hashOf(to) % RECEIVER_LOCKS))].sort((a, b) => a - b);
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${lockClass}, n) FROM unnest('{${locks.join()}}'::int[]) AS n`;
}

/**
 * Appends inside the caller's transaction, which {@link beginAppend} has begun. One result for each message; a
 * further copy of one is a duplicate of the first.
 */
export async function appendAll(
  client: ClientBase,
  statements: Statements,
  counts: MailboxCounts,
  messages: readonly StoredMessage[],
  now: number,
): Promise<readonly AppendResult[]> {
  const draftOf = draftsByKey(messages);
  const drafts = [...draftOf.values()];
  const additions = additionsOf(drafts);
  await countUnknown(client, statements, counts, additions, now);
  const isTight = ({ message: { to } }: Draft) => counts.roomFor(to) < (additions.get(to) ?? 0);
  await findKnown(client, statements, drafts.filter(isTight));
  const admitted = admit(drafts, counts);
  for (const rows of chunksOf(admitted)) await insert(client, statements, rows);
  const answered = new Set<string>();
  return messages.map((message) => {
    const key = keyOf(message);
    const result = resultOf(draftOf.get(key));
    const isCopy = answered.has(key);
    answered.add(key);
    return isCopy && result.outcome === 'stored' ? { outcome: 'duplicate', id: result.id } : result;
  });
}

function draftsByKey(messages: readonly StoredMessage[]): ReadonlyMap<string, Draft> {
  const drafts = new Map<string, Draft>();
  for (const message of messages) {
    const key = keyOf(message);
    if (drafts.has(key)) continue;
    const { from, fingerprint } = message;
    drafts.set(key, { message, sender: toKey(from), fingerprint: toKey(fingerprint), result: undefined });
  }
  return drafts;
}

function keyOf({ from, to, fingerprint }: StoredMessage): string {
  return `${from.length}:${from}${to.length}:${to}${fingerprint}`;
}

function additionsOf(drafts: readonly Draft[]): ReadonlyMap<string, number> {
  const additions = new Map<string, number>();
  for (const { message } of drafts) additions.set(message.to, (additions.get(message.to) ?? 0) + 1);
  return additions;
}

async function countUnknown(
  client: ClientBase,
  statements: Statements,
  counts: MailboxCounts,
  additions: ReadonlyMap<string, number>,
  now: number,
): Promise<void> {
  const unknown = counts.unknownOf(additions, now);
  if (unknown.length === 0) return;
  const { rows } = await client.query<{ n: string; waiting: string }>({
    ...statements.count,
    values: [unknown.map(toKey)],
  });
  for (const { n, waiting } of rows) counts.counted(unknown[Number(n) - 1] ?? '', Number(waiting), now);
}

/** Gives those that are stored already their result. */
async function findKnown(
  client: ClientBase,
  statements: Statements,
  drafts: readonly Draft[],
): Promise<void> {
  if (drafts.length === 0) return;
  const { rows } = await client.query<{ n: string; id: string; confirmed: boolean }>({
    ...statements.find,
    values: [
      drafts.map(({ sender }) => sender),
      drafts.map(({ fingerprint }) => fingerprint),
      drafts.map(({ message }) => toKey(message.to)),
    ],
  });
  for (const { n, id, confirmed } of rows) {
    const draft = drafts[Number(n) - 1];
    if (draft === undefined || draft.result !== undefined) continue;
    draft.result = { outcome: 'duplicate', id: confirmed ? undefined : Number(id) };
  }
}

/** Those that are new and have room, in order. The others have their result now. */
function admit(drafts: readonly Draft[], counts: MailboxCounts): readonly Draft[] {
  const taken = new Map<string, number>();
  return drafts.filter((draft) => {
    if (draft.result !== undefined) return false;
    const { to } = draft.message;
    const before = taken.get(to) ?? 0;
    if (before >= counts.roomFor(to)) {
      draft.result = { outcome: 'full', limit: 'maxPerUser' };
      return false;
    }
    taken.set(to, before + 1);
    return true;
  });
}

/** Cuts into powers of two, the largest first: 700 is 512, 128, 32, 16, 8, 4. */
function* chunksOf(drafts: readonly Draft[]): Generator<readonly Draft[]> {
  let from = 0;
  while (from < drafts.length) {
    const left = drafts.length - from;
    const size = left >= MAX_INSERT_ROWS ? MAX_INSERT_ROWS : 2 ** Math.floor(Math.log2(left));
    yield drafts.slice(from, from + size);
    from += size;
  }
}

async function insert(client: ClientBase, statements: Statements, drafts: readonly Draft[]): Promise<void> {
  const { rows } = await client.query<{ id: string }>({
    ...statements.insert(drafts.length),
    values: drafts.flatMap(({ message, sender, fingerprint }) => [
      toKey(message.to),
      sender,
      fingerprint,
      Buffer.from(message.body, 'latin1'),
      message.acceptedAt,
    ]),
  });
  const ids = rows.map(({ id }) => Number(id)).sort((a, b) => a - b);
  if (ids.length < drafts.length) return settle(client, statements, drafts, new Set(ids));
  for (const [index, id] of ids.entries()) {
    const draft = drafts[index];
    if (draft !== undefined) draft.result = { outcome: 'stored', id };
  }
}

/** Some were known already: which? Those with one of the new ids were not. */
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
      draft.result = { outcome: 'stored', id: result.id };
    }
  }
}

/** A known message may be purged between the insert that it hindered and the look for it. The repeat stores it. */
function resultOf(draft: Draft | undefined): AppendResult {
  if (draft?.result !== undefined) return draft.result;
  throw new StoreError('ERR_STORE_FAILED', 'a message was forgotten while its copy came');
}
