import { readFile, stat } from 'node:fs/promises';

/** Bytes of the shared-memory file that SQLite locks for readers of a write-ahead log. */
const FIRST_READ_LOCK = 123;
const LAST_READ_LOCK = 127;

/**
 * The processes that read a database file now, such as `process 4711 (sqlite3)`. Empty where the system does not tell: only
 * Linux does.
 *
 * @see https://sqlite.org/walformat.html#wal_locks
 */
export async function readersOf(file: string): Promise<readonly string[]> {
  try {
    const [{ ino }, locks] = await Promise.all([stat(`${file}-shm`), readFile('/proc/locks', 'utf8')]);
    const pids = locks.split('\n').flatMap((line) => {
      const [, , , , pid, place, first] = line.trim().split(/\s+/);
      const byte = Number(first);
      const isReader = byte >= FIRST_READ_LOCK && byte <= LAST_READ_LOCK;
      return isReader && place?.split(':')[2] === String(ino) && pid !== undefined ? [Number(pid)] : [];
    });
    return await Promise.all([...new Set(pids)].map(nameOf));
  } catch {
    return [];
  }
}

async function nameOf(pid: number): Promise<string> {
  if (pid === process.pid) return 'this process';
  if (pid <= 0) return 'a process outside of this container';
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'unknown');
  return `process ${pid} (${name.trim()})`;
}
