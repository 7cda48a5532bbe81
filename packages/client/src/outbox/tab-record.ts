import { createFingerprint } from '@imcore/protocol';
import { createSystemRandom } from '../system-random.js';
import { takeSlot } from './device-slot.js';
import { EntryTable } from './entry-table.js';
import type { StoragePlatform } from './indexed-db-types.js';
import type { DeviceRecord } from './outbox-storage.js';
import { Sequence } from './sequence.js';

/** The key of the id that all tabs of a browser have. The other keys are the numbers of slots. */
const BROWSER = 'browser';

/**
 * Opens the record of the first device of a browser that no other tab is: an entry in IndexedDB without an owner. Resolves with
 * undefined if all are taken, or without Web Locks, which tell tabs apart.
 *
 * @throws OutboxError `ERR_OUTBOX_FAILED`
 */
export async function openTabRecord(
  database: string,
  name: string,
  { indexedDB, navigator }: StoragePlatform,
): Promise<DeviceRecord | undefined> {
  const locks = navigator?.locks;
  if (locks === undefined) return undefined;
  const place = `${database}:${name}`;
  const slot = await takeSlot(place, locks);
  if (slot === undefined) return undefined;
  let table: EntryTable | undefined;
  const close = async (): Promise<void> => {
    table?.close();
    await slot.release();
  };
  try {
    const opened = await EntryTable.open(database, indexedDB);
    table = opened;
    const browser = await locks.request(`id:${place}`, {}, () => browserId(opened, name));
    const key = String(slot.number);
    const sequence = new Sequence();
    return {
      id: `${String(browser)}/${key}`,
      position: await readValue(opened, name, key),
      write: (value) => sequence.run(() => opened.put({ name, owner: '', key, value })),
      close: () => sequence.run(close),
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

/** Returns the id that all tabs of the browser have; the first one creates it. */
async function browserId(table: EntryTable, name: string): Promise<string> {
  const known = await readValue(table, name, BROWSER);
  if (known !== undefined) return known;
  const value = createFingerprint(createSystemRandom());
  await table.put({ name, owner: '', key: BROWSER, value });
  return value;
}

async function readValue(table: EntryTable, name: string, key: string): Promise<string | undefined> {
  return (await table.list(name)).find((entry) => entry.key === key)?.value;
}
