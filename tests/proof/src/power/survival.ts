import type { SeededRandom } from '@imcore/testkit';
import type { Change } from './contents.js';
import type { NameChange } from './name-change.js';

/** What a power cut does to unsynced changes. */
export const SURVIVALS = [
  'nothing',
  'everything',
  'in order',
  'some writes',
  'some sectors',
  'garbage',
] as const;
type SurvivalKind = (typeof SURVIVALS)[number];

/** Selects the unsynced changes that are on the disk after a power cut. */
export interface Survival {
  ofChanges(changes: readonly Change[]): Iterable<Change>;
  ofNames(changes: readonly NameChange[]): readonly NameChange[];
}

/** Sizes that disks write atomically. */
const SECTOR_BYTES = [512, 4096] as const;

/**
 * `nothing`: no unsynced change survives. `everything`: all survive. `in order`: the first ones survive, and of the last
 * of them only the first sectors. `some writes`: any of them survive. `some sectors`: any of their sectors survive.
 * `garbage`: as before, and some of these sectors hold random bytes.
 */
export function survivalOf(kind: SurvivalKind, random: SeededRandom): Survival {
  const probability = random.between(0.05, 0.95);
  const sectorBytes = SECTOR_BYTES[random.int(0, 1)] ?? 512;
  const someOf = <T>(changes: readonly T[]) => changes.filter(() => random.chance(probability));
  const someSectors = (changes: readonly Change[]) =>
    changes.flatMap((change) => someOf(sectorsOf(change, sectorBytes)));
  switch (kind) {
    case 'nothing':
      return { ofChanges: () => [], ofNames: () => [] };
    case 'everything':
      return { ofChanges: (changes) => changes, ofNames: (changes) => changes };
    case 'in order':
      return {
        ofChanges: (changes) => {
          const whole = random.int(0, changes.length);
          const torn = changes.slice(whole, whole + 1).flatMap((change) => sectorsOf(change, sectorBytes));
          return [...changes.slice(0, whole), ...torn.slice(0, random.int(0, torn.length))];
        },
        ofNames: (changes) => changes.slice(0, random.int(0, changes.length)),
      };
    case 'some writes':
      return { ofChanges: someOf, ofNames: someOf };
    case 'some sectors':
      return { ofChanges: someSectors, ofNames: someOf };
    case 'garbage':
      return {
        ofChanges: (changes) =>
          someSectors(changes).map((change) => (random.chance(0.1) ? corrupted(change, random) : change)),
        ofNames: someOf,
      };
  }
}

/** Splits a write at the boundaries of sectors. */
function sectorsOf(change: Change, sectorBytes: number): readonly Change[] {
  if (change.kind === 'truncate') return [change];
  const parts: Change[] = [];
  const end = change.at + change.data.length;
  for (let at = change.at; at < end; ) {
    const next = Math.min(end, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    parts.push({ kind: 'write', at, data: change.data.subarray(at - change.at, next - change.at) });
    at = next;
  }
  return parts;
}

function corrupted(change: Change, random: SeededRandom): Change {
  if (change.kind === 'truncate') return change;
  return { ...change, data: Buffer.from(change.data.map(() => random.int(0, 255))) };
}
