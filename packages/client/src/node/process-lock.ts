import { readFileSync } from 'node:fs';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** Maximum attempts to take over the lock of a dead process. An attempt fails only if another process is faster. */
const MAX_TRIES = 5;

/** Releases a lock. */
export type Unlock = () => Promise<void>;

/**
 * Acquires an exclusive lock between processes, as a file that names its holder. Returns undefined if a live process
 * holds it. The lock of a dead process is free: a process is identified by its PID and, if the system provides it, its
 * start time, so that a new process with the same PID (in a container) does not count as the holder.
 *
 * The file name ends in a number. A process that finds a dead holder creates the file with the next number, which only
 * one process can do, and never removes a file that another process may have acquired.
 */
export async function lockFile(path: string): Promise<Unlock | undefined> {
  const own = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  await writeFile(own, `${JSON.stringify(holderOf(process.pid))}\n`);
  try {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const others = await locksOf(path);
      if (others.some(({ isHeld }) => isHeld)) return undefined;
      const taken = `${path}.${1 + Math.max(0, ...others.map(({ number }) => number))}`;
      if (await isLinked(own, taken)) return await unlessHeldByOther(path, taken);
    }
    return undefined;
  } finally {
    await rm(own, { force: true });
  }
}

/** Another process may have acquired another number at the same time. Both see it, and both release their locks. */
async function unlessHeldByOther(path: string, taken: string): Promise<Unlock | undefined> {
  const unlock = (): Promise<void> => rm(taken, { force: true });
  const others = (await locksOf(path)).filter((lock) => lock.path !== taken);
  if (others.some(({ isHeld }) => isHeld)) {
    await unlock();
    return undefined;
  }
  for (const dead of others) await rm(dead.path, { force: true });
  return unlock;
}

interface Lock {
  readonly path: string;
  readonly number: number;
  readonly isHeld: boolean;
}

async function locksOf(path: string): Promise<Lock[]> {
  const prefix = `${basename(path)}.`;
  const files = (await readdir(dirname(path))).filter((file) => file.startsWith(prefix));
  const numbers = files.map((file) => file.slice(prefix.length)).filter((suffix) => /^\d+$/.test(suffix));
  const locks = numbers.map(async (suffix): Promise<Lock> => {
    const lock = `${path}.${suffix}`;
    const text = await textOf(lock);
    return { path: lock, number: Number(suffix), isHeld: text !== undefined && isAlive(text) };
  });
  return Promise.all(locks);
}

/** Returns whether the hard link was created. Only one process can create it, and it has its content from the start. */
async function isLinked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

interface Holder {
  readonly pid: number;
  /** Start time in the system's format; undefined if the system does not provide it. */
  readonly since?: string | undefined;
}

function holderOf(pid: number): Holder {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The process name, in parentheses, may contain anything; the start time is the 20th field after it.
    const since = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return { pid, since: `${boot} ${since}` };
  } catch {
    return { pid };
  }
}

function isAlive(text: string): boolean {
  let holder: Holder;
  try {
    holder = JSON.parse(text) as Holder;
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is alive and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
    return true;
  }
  return holder.since === undefined || holder.since === holderOf(holder.pid).since;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
