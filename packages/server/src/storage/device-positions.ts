import type { Advance, Position } from '../ports/message-store.js';

/** How far named devices have their logs, gathered for the next call of the store: the largest position of each. */
export class DevicePositions {
  #byUser = new Map<string, Map<string, Position>>();

  get isEmpty(): boolean {
    return this.#byUser.size === 0;
  }

  advance(userId: string, deviceId: string, position: Position): void {
    let devices = this.#byUser.get(userId);
    if (devices === undefined) {
      devices = new Map();
      this.#byUser.set(userId, devices);
    }
    devices.set(deviceId, Math.max(position, devices.get(deviceId) ?? 0));
  }

  /** Removes and returns everything. */
  take(): readonly Advance[] {
    const byUser = this.#byUser;
    if (byUser.size === 0) return [];
    this.#byUser = new Map();
    return Array.from(byUser, ([userId, devices]) =>
      Array.from(devices, ([deviceId, position]) => ({ userId, deviceId, position })),
    ).flat();
  }
}
