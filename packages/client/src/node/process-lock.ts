import { readFileSync } from 'node:fs';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** Tries to take a lock whose holder is gone; more than a few only fail when others take it meanwhile. */
const MAX_TRIES = 5;

/** Lets go of a lock. */
export type Unlock = () => Promise<void>;

/**
 * Takes a lock that one process can hold, as a file that names it. Returns undefined where another one that is alive
 * has it. A process that died has let go: it is known by its number and, where the system tells, by when it began, so
 * that another one with the same number (a container's first process) does not hold it.
 *
 * The file's name ends in a number. Who finds a dead holder makes the file with the next number, which one alone can
 * do, and never takes away what may have become somebody else's meanwhile.
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

/** Somebody may have looked before, and taken another number. Of two who have, both see it: then neither has it. */
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

/** A link is made by one only, with its content in it. */
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
  /** When it began, in the system's own words; undefined where the system does not tell. */
  readonly since?: string | undefined;
}

function holderOf(pid: number): Holder {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Its name, in brackets, may hold anything; the time is the 20th field behind it.
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
    // It is alive and belongs to another user.
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
