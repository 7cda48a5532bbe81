import { createFingerprint, type LogPosition } from '@imcore/protocol';
import type { KeptDevice } from '../level.js';
import { createSystemRandom } from '../system-random.js';
import type { DeviceRecord, StorageBox } from './outbox-storage.js';

const ID = 'id';
const POSITION = 'position';

/**
 * Keeps the record of a device in a box of its own, which only one program has open at a time: creates the device's id, and
 * writes its position under a key of its own.
 */
export async function recordIn(box: StorageBox): Promise<DeviceRecord> {
  try {
    const entries = new Map((await box.list()).map(({ key, value }) => [key, value]));
    const id = entries.get(ID) ?? createFingerprint(createSystemRandom());
    if (!entries.has(ID)) await box.put(ID, id);
    return {
      id,
      position: entries.get(POSITION),
      write: (position) => box.put(POSITION, position),
      close: () => box.close(),
    };
  } catch (error) {
    await box.close();
    throw error;
  }
}

/** Reads what a record says of its device. A position that is invalid counts as none. */
export function deviceOf({ id, position }: DeviceRecord): KeptDevice {
  return { id, position: position === undefined ? undefined : readPosition(position) };
}

/** Encodes a position as the text of a record. */
export function positionText({ epoch, position }: LogPosition): string {
  return `${position} ${epoch}`;
}

function readPosition(text: string): LogPosition | undefined {
  const space = text.indexOf(' ');
  const position = Number(text.slice(0, space));
  const epoch = text.slice(space + 1);
  const isValid = space > 0 && Number.isSafeInteger(position) && position >= 0 && epoch !== '';
  return isValid ? { epoch, position } : undefined;
}
