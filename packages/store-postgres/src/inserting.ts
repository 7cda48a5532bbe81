import type { ClientBase } from 'pg';
import {
  type AppendLimits,
  type AppendRow,
  appendValues,
  HAS_ECHO,
  IGNORES_LIMITS,
  MAX_APPEND_ROWS,
} from './append-statement.js';
import { type Draft, stored } from './draft.js';
import type { Statements } from './statements.js';

/** What became of a chunk besides the results of its drafts. */
interface Inserted {
  /** Drafts whose receiver has no room, in their order. They have no result. */
  readonly tight: readonly Draft[];
  /** A user has no row: nothing was stored. */
  readonly isMissingUser: boolean;
  /** Numbers of users whose logs have entries to be removed. */
  readonly long: readonly string[];
}

/** Splits drafts into the groups that are inserted with one statement. */
export function chunksOf(drafts: readonly Draft[]): readonly (readonly Draft[])[] {
  const chunks: (readonly Draft[])[] = [];
  for (let from = 0; from < drafts.length; from += MAX_APPEND_ROWS) {
    chunks.push(drafts.slice(from, from + MAX_APPEND_ROWS));
  }
  return chunks;
}

/** The users whose logs these drafts lengthen. */
export function lockedBy(drafts: readonly Draft[]): ReadonlySet<string> {
  const userIds = new Set<string>();
  for (const { message, hasEcho } of drafts) {
    userIds.add(message.to);
    if (hasEcho) userIds.add(message.from);
  }
  return userIds;
}

/** All users that must have rows for these drafts; with history the senders, too. */
export function namedBy(drafts: readonly Draft[], keepsHistory: boolean): ReadonlySet<string> {
  if (!keepsHistory) return lockedBy(drafts);
  return new Set(drafts.flatMap(({ message }) => [message.to, message.from]));
}

/**
 * Inserts one chunk and sets the result of each draft that is stored or known. Known messages are looked up by a second
 * statement.
 */
export async function insert(
  client: ClientBase,
  statements: Statements,
  drafts: readonly Draft[],
  limits: Omit<AppendLimits, 'locked' | 'users'>,
): Promise<Inserted> {
  const hasOptions =
    limits.keepsHistory || drafts.some(({ hasEcho, message }) => hasEcho || message.ignoresLimits === true);
  const counts = { locked: lockedBy(drafts).size, users: namedBy(drafts, limits.keepsHistory).size };
  const { size, values } = appendValues({ ...limits, ...counts }, drafts.map(valuesOf), hasOptions);
  const { rows } = await client.query<AppendRow>({ ...statements.append(size, hasOptions), values });
  const full = new Set<Draft>();
  const long: string[] = [];
  let isMissingUser = false;
  const known = new Set(drafts);
  for (const { n, id, position, echo } of rows) {
    const draft = n === null ? undefined : drafts[n];
    if (draft === undefined) {
      if (id === null) isMissingUser = true;
      else long.push(id);
      continue;
    }
    known.delete(draft);
    if (id === null) full.add(draft);
    else draft.result = stored(Number(id), Number(position), echo === null ? undefined : Number(echo));
  }
  if (!isMissingUser && known.size > 0) await findKnown(client, statements, [...known]);
  return { tight: drafts.filter((draft) => full.has(draft)), isMissingUser, long };
}

/** Sets the result of drafts that are already stored. */
export async function findKnown(
  client: ClientBase,
  statements: Statements,
  drafts: readonly Draft[],
): Promise<void> {
  if (drafts.length === 0) return;
  const { rows } = await client.query<{
    n: string;
    id: string;
    position: string | null;
    echo: string | null;
  }>({ ...statements.read.find, values: [drafts.map(({ key }) => key.toString('hex'))] });
  for (const { n, id, position, echo } of rows) {
    const draft = drafts[Number(n) - 1];
    if (draft === undefined || draft.result !== undefined) continue;
    draft.result = {
      outcome: 'duplicate',
      id: Number(id),
      position: position === null ? undefined : Number(position),
      ...(echo === null ? {} : { echo: Number(echo) }),
    };
  }
}

function valuesOf({ message, receiver, sender, fingerprint, key, hasEcho }: Draft) {
  const flags = (message.ignoresLimits === true ? IGNORES_LIMITS : 0) | (hasEcho ? HAS_ECHO : 0);
  const body = Buffer.from(message.body, 'latin1');
  return [receiver, key, sender, fingerprint, body, message.acceptedAt, flags] as const;
}
