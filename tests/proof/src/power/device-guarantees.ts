import type { MessageStore } from '@imcore/server';
import { contentOf, mustGet, type ProofDevice } from '../devices/device-ledger.js';
import { type Nanoseconds, nowNanoseconds } from './disk-recording.js';
import type { Finding } from './judge.js';

interface Acknowledged {
  readonly at: Nanoseconds;
  readonly sender: ProofDevice;
  readonly to: string;
  readonly content: string;
}

interface Delivered {
  readonly at: Nanoseconds;
  readonly content: string;
  readonly position: number | undefined;
}

/** A user's log on a disk after a power cut. */
interface LogOnDisk {
  readonly contents: ReadonlyMap<number, string>;
  readonly positions: ReadonlyMap<string, number>;
  readonly last: number;
}

const PAGE = 1000;

/**
 * What devices were guaranteed while a server was recorded, and whether a disk after a power cut keeps it:
 *
 * - A message that was acknowledged, and that a device which must get it did not have, is in that device's log, behind the position
 *   that the store has of the device.
 * - An entry that was delivered with a position has no other content there, and the log ends behind it: the position is never given
 *   again.
 */
export class DeviceGuarantees {
  readonly #devices: readonly ProofDevice[];
  readonly #acknowledged: Acknowledged[] = [];
  readonly #delivered = new Map<ProofDevice, Delivered[]>();
  #isEnded = false;

  constructor(devices: readonly ProofDevice[]) {
    this.#devices = devices;
    for (const device of devices) this.#delivered.set(device, []);
  }

  acknowledged(sender: ProofDevice, to: string, number: number): void {
    if (this.#isEnded) return;
    this.#acknowledged.push({ at: nowNanoseconds(), sender, to, content: contentOf(sender, to, number) });
  }

  delivered(
    device: ProofDevice,
    { content, position }: { readonly content: string; readonly position?: number | undefined },
  ): void {
    if (!this.#isEnded) this.#delivered.get(device)?.push({ at: nowNanoseconds(), content, position });
  }

  gap(): void {}

  /** The recording ends: what follows is not recorded on the disk. */
  end(): void {
    this.#isEnded = true;
  }

  /** Number of messages that were acknowledged. */
  get size(): number {
    return this.#acknowledged.length;
  }

  /** Compares a disk after a power cut at an instant with what was guaranteed until then. */
  async judge(store: MessageStore, instant: Nanoseconds): Promise<Finding> {
    let [missing, damaged] = [0, 0];
    const acknowledged = this.#acknowledged.filter(({ at }) => at <= instant);
    for (const device of this.#devices) {
      const log = await readLog(store, device);
      const delivered = (this.#delivered.get(device) ?? []).filter(({ at }) => at <= instant);
      const has = new Set(delivered.map(({ content }) => content));
      const stored = device.isV6 ? 0 : await storedPosition(store, device);
      const taken = delivered.reduce((last, { position = 0 }) => Math.max(last, position), stored);
      for (const { sender, to, content } of acknowledged) {
        if (!mustGet(device, sender, to) || has.has(content)) continue;
        const position = log.positions.get(content);
        if (position === undefined || position <= taken) missing += 1;
      }
      if (stored > log.last) damaged += 1;
      for (const { content, position = 0 } of delivered) {
        if (device.isV6) continue;
        const there = log.contents.get(position);
        if (position > log.last || (there !== undefined && there !== content)) damaged += 1;
      }
    }
    return { missing, missingAtDevices: missing, reappeared: 0, damaged, outOfOrder: 0 };
  }
}

/** Everything that a log has; for v6 clients what they have not taken. */
async function readLog(store: MessageStore, { userId, isV6 }: ProofDevice): Promise<LogOnDisk> {
  const contents = new Map<number, string>();
  const positions = new Map<string, number>();
  for (let after = 0; ; ) {
    const page = await (isV6 ? store.take(userId, after, PAGE) : store.read(userId, after, PAGE));
    for (const { position, body } of page.entries) {
      const content = contentOfBody(body);
      contents.set(position, content);
      positions.set(content, position);
    }
    const end = page.entries.at(-1)?.position;
    if (end === undefined) return { contents, positions, last: page.last };
    after = end;
  }
}

/** How far the store has a device; 0 if it does not know it. */
async function storedPosition(store: MessageStore, { userId, name }: ProofDevice): Promise<number> {
  const devices = await store.devices(userId);
  return devices.find((device) => device.name === name)?.position ?? 0;
}

/** Bodies are packets. Empty if the bytes are not those of one. */
function contentOfBody(body: string): string {
  try {
    const { dataContent } = JSON.parse(body) as { dataContent?: unknown };
    return typeof dataContent === 'string' ? dataContent : '';
  } catch {
    return '';
  }
}
