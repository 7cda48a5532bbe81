import type { Position, StoredDevice } from '../ports/message-store.js';
import { bytesOfDevice } from './memory-bytes.js';

type Mutable<T> = { -readonly [name in keyof T]: T[name] };

/** What is known of a v6 device, except its position: the log knows that. */
type V6Device = Omit<StoredDevice, 'id' | 'position'>;

/** The devices of one user. */
export class MemoryDevices {
  readonly #totals: { memory: number };
  /** Undefined as long as there was none: most users in memory have no named device. */
  #named: Map<string, Mutable<StoredDevice>> | undefined;
  #v6: V6Device | undefined;

  /** @param totals the memory that named devices take is added to it. That of a v6 device is a part of the log's. */
  constructor(totals: { memory: number }) {
    this.#totals = totals;
  }

  get named(): number {
    return this.#named?.size ?? 0;
  }

  get hasV6(): boolean {
    return this.#v6 !== undefined;
  }

  /** Whether entries are held back for the v6 device: it exists, or there is no device at all. */
  get holdsForV6(): boolean {
    return this.#v6 !== undefined || this.named === 0;
  }

  /** All named devices have taken everything up to it; `Infinity` if there are none. */
  get takenByNamed(): Position {
    let least = Number.POSITIVE_INFINITY;
    if (this.#named !== undefined)
      for (const { position } of this.#named.values()) if (position < least) least = position;
    return least;
  }

  get(id: string): StoredDevice | undefined {
    return this.#named?.get(id);
  }

  /** Adds a named device, or replaces it. */
  set(device: StoredDevice): void {
    this.delete(device.id);
    this.#named ??= new Map();
    this.#named.set(device.id, { ...device });
    this.#totals.memory += bytesOfDevice(device);
  }

  /** Moves a named device. Returns whether it exists and was before that position. */
  advance(id: string, position: Position): boolean {
    const device = this.#named?.get(id);
    if (device === undefined || position <= device.position) return false;
    device.position = position;
    return true;
  }

  setV6({ kind, name, seenAt }: V6Device): void {
    this.#v6 = { kind, name, seenAt };
  }

  delete(id: string): boolean {
    if (id === '') {
      const hadV6 = this.#v6 !== undefined;
      this.#v6 = undefined;
      return hadV6;
    }
    const device = this.#named?.get(id);
    if (device === undefined) return false;
    this.#totals.memory -= bytesOfDevice(device);
    return this.#named?.delete(id) === true;
  }

  /** Returns all devices in the order of their ids. */
  list(v6Position: Position): readonly StoredDevice[] {
    const v6 = this.#v6 === undefined ? [] : [{ id: '', ...this.#v6, position: v6Position }];
    const named = [...(this.#named?.values() ?? [])].map((device) => ({ ...device }));
    return [...v6, ...named.sort((a, b) => (a.id < b.id ? -1 : 1))];
  }

  /**
   * Removes and returns the devices that were last seen before an instant; the v6 device only if the user still has a
   * named device.
   */
  expire(before: number, v6Position: Position): readonly StoredDevice[] {
    if (this.named === 0) return [];
    const [expired, v6]: [StoredDevice[], StoredDevice[]] = [[], []];
    for (const device of this.list(v6Position)) {
      if (device.seenAt < before) (device.id === '' ? v6 : expired).push(device);
    }
    for (const { id } of expired) this.delete(id);
    if (this.named > 0) expired.push(...v6);
    if (this.named > 0 && v6.length > 0) this.delete('');
    return expired;
  }
}
