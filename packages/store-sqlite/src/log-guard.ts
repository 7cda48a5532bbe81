import { basename } from 'node:path';
import { StoreError } from '@imcore/server/ports';
import { type BaseContents, readBase } from './database-file.js';
import { type LogContents, readLog } from './write-ahead-log.js';

/** Why SQLite must not open a file together with the log beside it. */
interface LogProblem {
  /** `mismatch`: the log is not the file's. `damaged`: a part of the log cannot be read. `incomplete`: the file is too short. */
  readonly kind: 'mismatch' | 'damaged' | 'incomplete';
  readonly text: string;
}

/** SQLite never uses the page at this offset. */
const LOCK_BYTE = 1024 * 1024 * 1024;

/**
 * Checks a database file and its write-ahead log before SQLite opens them: SQLite applies every log to every file, deletes
 * the log beside an empty file, and ignores what follows the first invalid frame. Reads both and changes nothing.
 *
 * What a power cut leaves is no problem: at most one commit, the last, can be incomplete, and nobody was told that it was
 * stored.
 */
export function problemOfLog(file: string): LogProblem | undefined {
  const log = readLog(`${file}-wal`);
  if (log === undefined || (log.frames === 0 && log.behind.frames === 0)) return undefined;
  const base = readBase(file);
  const damage = damageOf(log, base);
  if (damage !== undefined) return { kind: 'damaged', text: damage };
  if (log.frames === 0) return undefined;
  const mismatch = mismatchOf(log, base);
  if (mismatch !== undefined) return { kind: 'mismatch', text: mismatch };
  return isIncomplete(log, base)
    ? { kind: 'incomplete', text: `has only ${base.pageCount} of ${log.pageCount} pages` }
    : undefined;
}

/** @throws StoreError `ERR_STORE_MISMATCH`, `ERR_STORE_DAMAGED` */
export function checkLog(file: string): void {
  const problem = problemOfLog(file);
  if (problem === undefined) return;
  const name = basename(file);
  const repair = `"imcore store repair --store ${file}"`;
  switch (problem.kind) {
    case 'incomplete':
      throw new StoreError('ERR_STORE_DAMAGED', `${file} ${problem.text}: restore a complete copy`);
    case 'damaged':
      throw new StoreError(
        'ERR_STORE_DAMAGED',
        `${name}-wal is damaged: ${problem.text}. Restore a backup; or, to go on without these commits, run ${repair}, which keeps a copy of the log`,
      );
    case 'mismatch':
      throw new StoreError(
        'ERR_STORE_MISMATCH',
        `${name}-wal does not belong to ${file}, which ${problem.text}. Put the file back that belongs to the log; or, to go on without the messages in the log, run ${repair}, which keeps a copy of it`,
      );
    default:
      problem.kind satisfies never;
  }
}

/** Commits behind an invalid frame, or behind an invalid header, that were complete: a later one was made. */
function damageOf({ isHeaderValid, last, behind }: LogContents, base: BaseContents): string | undefined {
  const { highest, lowest } = behind;
  if (highest === undefined || lowest === undefined) return undefined;
  const inBase = typeof base.mark === 'object' ? base.mark.commits : undefined;
  if (!isHeaderValid) {
    // A power cut while the log begins anew leaves an invalid header, and frames that are all in the file.
    if (inBase !== undefined && inBase >= highest.commits) return undefined;
    return `its header cannot be read, and ${countOf(inBase ?? lowest.commits - 1, highest.commits)} with it`;
  }
  // Only the commit after the last readable one can be what a power cut has left.
  const readable = last?.commits ?? inBase;
  const isLost = readable === undefined ? highest.commits > lowest.commits : highest.commits > readable + 1;
  const isAheadOfLog = inBase !== undefined && inBase > (last?.commits ?? lowest.commits - 1);
  if (!isLost && !isAheadOfLog) return undefined;
  const from = readable ?? lowest.commits - 1;
  return `a frame in it cannot be read, and ${countOf(Math.min(from, highest.commits - 1), highest.commits)} behind it`;
}

function countOf(after: number, upTo: number): string {
  const count = upTo - after;
  return count === 1 ? '1 commit' : `${count} commits`;
}

function mismatchOf({ first, last, pages }: LogContents, base: BaseContents): string | undefined {
  const { mark, pageCount, pagesRead } = base;
  if (pageCount === 0) return 'is empty';
  if (mark === 'unreadable') {
    // A power cut during a checkpoint leaves pages that are damaged in the file and whole in the log.
    const isInLog = [...pagesRead].some((page) => pages.has(page));
    return isInLog ? undefined : 'is no readable store';
  }
  if (first === undefined || last === undefined) return undefined;
  // The log of a new file, or of one that was just migrated, contains the first mark.
  if (mark === 'none') return first.commits === 0 ? undefined : 'is another file';
  if (mark.identity !== first.identity) return 'is the file of another store, or a backup';
  if (mark.commits < first.commits - 1)
    return `is older: it ends at commit ${mark.commits}, and the log begins at ${first.commits}`;
  if (mark.commits > last.commits)
    return `is newer: it contains commit ${mark.commits}, and the log ends at ${last.commits}`;
  return undefined;
}

/** Whether pages are missing that are not in the log either. */
function isIncomplete(log: LogContents, base: BaseContents): boolean {
  const lockPage = LOCK_BYTE / 4096 + 1;
  for (let page = base.pageCount + 1; page <= log.pageCount; page++)
    if (!log.pages.has(page) && page !== lockPage) return true;
  return false;
}
