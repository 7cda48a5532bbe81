import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError, type WaitingMessage } from '@imcore/server';
import { sqliteStore } from '@imcore/store-sqlite';
import type { SeededRandom } from '@imcore/testkit';
import type { DiskEvent, Nanoseconds } from './disk-recording.js';
import { type Finding, judge } from './judge.js';
import { type MessageName, type PromiseMade, Promises } from './promises.js';
import { type RecordedFolder, writeImage } from './recorded-process.js';
import type { Image } from './simulated-disk.js';
import { SURVIVALS, survivalOf } from './survival.js';

/** The store's file inside a recorded folder. */
export const DATABASE = 'messages.db';

/** A process that has worked on a recorded folder, and what it or its clients were promised meanwhile. */
export interface Recording {
  readonly folder: RecordedFolder;
  readonly made: readonly PromiseMade[];
  readonly userIds: readonly string[];
  nameOf(message: WaitingMessage): MessageName | undefined;
}

/** What was found behind the cuts of a recording. */
interface Tally extends Finding {
  readonly cuts: number;
  /** Cuts while the database file itself was being written. */
  readonly inCheckpoint: number;
  /** Disks on which the store refused to work. */
  readonly unreadable: number;
  /** Messages that were called safe. */
  readonly acknowledged: number;
}

export const EMPTY_TALLY: Tally = {
  cuts: 0,
  inCheckpoint: 0,
  unreadable: 0,
  acknowledged: 0,
  missing: 0,
  cameBack: 0,
  damaged: 0,
  outOfOrder: 0,
};

export function sum(left: Tally, right: Tally): Tally {
  const total: Record<string, number> = {};
  for (const key of Object.keys(left) as (keyof Tally)[]) total[key] = left[key] + right[key];
  return total as unknown as Tally;
}

export function isBroken({ missing, cameBack, damaged, outOfOrder, unreadable }: Tally): boolean {
  return missing + cameBack + damaged + outOfOrder + unreadable > 0;
}

/** What one cut has left, and what had been promised until it: the beginning of a further recording. */
export interface Aftermath {
  readonly tally: Tally;
  readonly image: Image;
  readonly made: readonly PromiseMade[];
}

/**
 * Cuts the power at random instants of a recording, lets chance decide what survives, and looks with the real store
 * at what it finds on each disk.
 */
export async function cutRecording(
  recording: Recording,
  cuts: number,
  random: SeededRandom,
  scratch: string,
): Promise<Aftermath> {
  const events = recording.folder.events();
  const disk = recording.folder.newDisk();
  const promises = new Promises(recording.made);
  let tally = EMPTY_TALLY;
  let aftermath: Omit<Aftermath, 'tally'> = { image: new Map(), made: [] };
  let next = 0;
  for (const [index, instant] of instantsOf(events, promises.instants, cuts, random).entries()) {
    for (let event = events[next]; event !== undefined && event.instant <= instant; event = events[++next]) {
      disk.apply(event);
    }
    const kind = SURVIVALS[index % SURVIVALS.length] ?? 'nothing';
    const image = disk.imageAfterCut(survivalOf(kind, random));
    const owed = promises.owedAt(instant);
    const place = join(scratch, `cut-${index}`);
    writeImage(place, image);
    const finding = await findingOf(place, (store) =>
      judge(store, recording.userIds, owed, recording.nameOf),
    );
    rmSync(place, { recursive: true });
    const isUnreadable = finding instanceof StoreError;
    if (isUnreadable) process.stderr.write(`\nafter a cut (${kind}): ${finding.message}\n`);
    tally = sum(tally, {
      ...EMPTY_TALLY,
      ...(isUnreadable ? { unreadable: 1, missing: owed.waiting.length } : finding),
      cuts: 1,
      inCheckpoint: disk.isUnsynced(DATABASE) ? 1 : 0,
    });
    aftermath = { image, made: promises.carryOver() };
  }
  promises.owedAt(Number.POSITIVE_INFINITY);
  return { tally: { ...tally, acknowledged: promises.stored }, ...aftermath };
}

async function findingOf<T>(
  place: string,
  look: (store: ReturnType<typeof sqliteStore>) => Promise<T>,
): Promise<T | StoreError> {
  try {
    const store = sqliteStore({ file: join(place, DATABASE) });
    try {
      return await look(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}

/**
 * A third anywhere, a third right behind a promise, where most is owed, and a third while the database file is being
 * written: rare and short, and the hardest.
 */
function instantsOf(
  events: readonly DiskEvent[],
  promised: readonly Nanoseconds[],
  cuts: number,
  random: SeededRandom,
): readonly Nanoseconds[] {
  const all = events.map(({ instant }) => instant);
  const first = all[0] ?? 0;
  const inRun = promised.filter((instant) => instant >= first);
  const inDatabase = instantsInDatabase(events);
  const pools = [all, inRun.length > 0 ? inRun : all, inDatabase.length > 0 ? inDatabase : all];
  const chosen = Array.from({ length: cuts }, (_, index) => {
    const pool = pools[index % pools.length] ?? all;
    return pool[random.int(0, pool.length - 1)] ?? first;
  });
  return chosen.sort((a, b) => a - b);
}

function instantsInDatabase(events: readonly DiskEvent[]): readonly Nanoseconds[] {
  const databases = new Set<number>();
  const instants: Nanoseconds[] = [];
  for (const event of events) {
    if (event.kind === 'opened' && event.name === DATABASE) databases.add(event.file);
    if (event.kind === 'written' && databases.has(event.file)) instants.push(event.instant);
  }
  return instants;
}
