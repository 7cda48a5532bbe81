import type { Instant } from '@imcore/protocol';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { DeviceKey } from './claims.js';
import type { Directory } from './directory.js';
import type { FrameSender } from './frame-sender.js';

/** Minimum time between two frames of changes, in milliseconds: changes in between are announced together. */
const GATHER_MS = 20;

/**
 * Announces to the other nodes the devices whose sessions at this node have changed, each once: what is announced is what it has
 * when the frame is written. What the bus drops is missed by the others, which then ask for all.
 *
 * Its entry in a ring is the wait until the next frame may be sent.
 */
export class Announcements implements RingEntry {
  readonly #runtime: Runtime;
  readonly #directory: Directory;
  readonly #sender: FrameSender;
  readonly #gathering: DeadlineRing;
  readonly #changed = new Map<string, DeviceKey>();
  #isStopped = false;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(runtime: Runtime, directory: Directory, sender: FrameSender) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.#sender = sender;
    this.#gathering = runtime.timers.ring(GATHER_MS, () => this.send());
  }

  /** A session of this device has started or ended here. It is announced now, or with others within 20 ms. */
  add({ userId, deviceId }: DeviceKey): void {
    this.#changed.set(`${userId.length} ${userId}${deviceId}`, { userId, deviceId });
    if (this.ring === undefined) this.send();
  }

  /** Announces what has changed. */
  send(): void {
    if (this.#changed.size === 0 || this.#isStopped) return;
    const items = [...this.#changed.values()].map((device) => this.#directory.ownChange(device));
    this.#changed.clear();
    const frames = this.#sender.broadcast({ kind: 'changes', seq: this.#directory.own.seq + 1, items });
    this.#directory.announced(frames);
    this.#gathering.start(this, this.#runtime.clock.now());
  }

  stop(): void {
    this.#isStopped = true;
    this.#gathering.stop(this);
  }
}
