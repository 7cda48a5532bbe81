import type { DeviceKey } from './claims.js';

/**
 * The devices whose sessions at this node have changed since they were last announced, each once: what is announced is what it has
 * when the frame is written.
 */
export class Announcements {
  readonly #changed = new Map<string, DeviceKey>();

  get isEmpty(): boolean {
    return this.#changed.size === 0;
  }

  add({ userId, deviceId }: DeviceKey): void {
    this.#changed.set(`${userId.length} ${userId}${deviceId}`, { userId, deviceId });
  }

  /** Removes and returns the devices. */
  take(): DeviceKey[] {
    const devices = [...this.#changed.values()];
    this.#changed.clear();
    return devices;
  }
}
