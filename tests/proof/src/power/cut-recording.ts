import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '@imcore/server';
import type { StoredMessage } from '@imcore/server/ports';
import { sqliteStore } from '@imcore/store-sqlite';
import type { SeededRandom } from '@imcore/testkit';
import type { DeviceGuarantees } from './device-guarantees.js';
import type { DiskEvent, Nanoseconds } from './disk-recording.js';
import { type Guarantee, Guarantees, type MessageName } from './guarantees.js';
import { type Finding, judge } from './judge.js';
import { type RecordedFolder, writeImage } from './recorded-process.js';
import type { Image } from './simulated-disk.js';
import { SURVIVALS, survivalOf } from './survival.js';

/** The store's file in a recorded folder. */
export const DATABASE = 'messages.db';

/** The recording of a process that has worked on a folder, and the guarantees that it or its clients were given. */
export interface Recording {
  readonly folder: RecordedFolder;
  readonly given: readonly Guarantee[];
  readonly userIds: readonly string[];
  nameOf(message: StoredMessage): MessageName | undefined;
  /** What users with devices were guaranteed; undefined if there are none. */
  readonly devices?: DeviceGuarantees;
}

/** What was found after the cuts of a recording. */
interface Tally extends Finding {
  readonly cuts: number;
  /** Cuts during a write to the database file. */
  readonly inCheckpoint: number;
  /** Disks that the store could not open. */
  readonly unreadable: number;
  /** Messages that were acknowledged. */
  readonly acknowledged: number;
}

export const EMPTY_TALLY: Tally = {
  cuts: 0,
  inCheckpoint: 0,
  unreadable: 0,
  acknowledged: 0,
  missing: 0,
  missingAtDevices: 0,
  reappeared: 0,
  damaged: 0,
  outOfOrder: 0,
};

export function sum(left: Tally, right: Tally): Tally {
  const total: Record<string, number> = {};
  for (const key of Object.keys(left) as (keyof Tally)[]) total[key] = left[key] + right[key];
  return total as unknown as Tally;
}

export function isBroken({ missing, reappeared, damaged, outOfOrder, unreadable }: Tally): boolean {
  return missing + reappeared + damaged + outOfOrder + unreadable > 0;
}

/** The disk after the last cut, and the guarantees given until then: the start of a further recording. */
export interface Aftermath {
  readonly tally: Tally;
  readonly image: Image;
  readonly given: readonly Guarantee[];
}

/**
 * Simulates power cuts at random instants of a recording, after which a random part of the unsynced changes survives, and
 * checks each disk with the real store.
 */
export async function cutRecording(
  recording: Recording,
  cuts: number,
  random: SeededRandom,
  scratch: string,
): Promise<Aftermath> {
  const events = recording.folder.events();
  const disk = recording.folder.newDisk();
  const guarantees = new Guarantees(recording.given);
  let tally = EMPTY_TALLY;
  let aftermath: Omit<Aftermath, 'tally'> = { image: new Map(), given: [] };
  let next = 0;
  for (const [index, instant] of instantsOf(events, guarantees.instants, cuts, random).entries()) {
    for (let event = events[next]; event !== undefined && event.instant <= instant; event = events[++next]) {
      disk.apply(event);
    }
    const kind = SURVIVALS[index % SURVIVALS.length] ?? 'nothing';
    const image = disk.imageAfterCut(survivalOf(kind, random));
    const expected = guarantees.expectedAt(instant);
    const place = join(scratch, `cut-${index}`);
    writeImage(place, image);
    const finding = await findingOf(place, async (store) => {
      const found = await judge(store, recording.userIds, expected, recording.nameOf);
      const atDevices = await recording.devices?.judge(store, instant);
      return atDevices === undefined ? found : added(found, atDevices);
    });
    rmSync(place, { recursive: true });
    const isUnreadable = finding instanceof StoreError;
    if (isUnreadable) process.stderr.write(`\nafter a cut (${kind}): ${finding.message}\n`);
    tally = sum(tally, {
      ...EMPTY_TALLY,
      ...(isUnreadable ? { unreadable: 1, missing: expected.waiting.length } : finding),
      cuts: 1,
      inCheckpoint: disk.isUnsynced(DATABASE) ? 1 : 0,
    });
    aftermath = { image, given: guarantees.carryOver() };
  }
  guarantees.expectedAt(Number.POSITIVE_INFINITY);
  const acknowledged = guarantees.stored + (recording.devices?.size ?? 0);
  return { tally: { ...tally, acknowledged }, ...aftermath };
}

function added(left: Finding, right: Finding): Finding {
  return {
    missing: left.missing + right.missing,
    missingAtDevices: left.missingAtDevices + right.missingAtDevices,
    reappeared: left.reappeared + right.reappeared,
    damaged: left.damaged + right.damaged,
    outOfOrder: left.outOfOrder + right.outOfOrder,
  };
}

async function findingOf<T>(
  place: string,
  check: (store: ReturnType<typeof sqliteStore>) => Promise<T>,
): Promise<T | StoreError> {
  try {
    const store = sqliteStore({ file: join(place, DATABASE) });
    try {
      return await check(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}

/**
 * Chooses a third of the instants anywhere, a third right after a guarantee, when most is expected, and a third during a
 * write to the database file, which is rare, short and most difficult.
 */
function instantsOf(
  events: readonly DiskEvent[],
  guaranteed: readonly Nanoseconds[],
  cuts: number,
  random: SeededRandom,
): readonly Nanoseconds[] {
  const all = events.map(({ instant }) => instant);
  const first = all[0] ?? 0;
  const inRun = guaranteed.filter((instant) => instant >= first);
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
