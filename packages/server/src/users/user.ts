import { type Digest, DuplicateWindow, type DuplicateWindowLimits, type Instant } from '@imcore/protocol';
import type { Delivery } from '../delivery/delivery.js';
import type { StoreId } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import { Device, type DeviceUser, V6_DEVICE } from './device.js';
import type { Outlet } from './outlet.js';

/** What all users of one server share. */
export interface UserSettings {
  /** Scratch pad of all windows. */
  readonly digest: Digest;
  readonly duplicateLimits: DuplicateWindowLimits;
  /** Gives the value of `sm` where the server stamps its time. */
  readonly stamp: (() => number) | undefined;
  /** Called when fingerprints of a user were forgotten before their time. */
  readonly onForgotten: (user: User) => void;
}

/** What the store holds for a user who is online, on its way to the session. */
export interface StoredQueue {
  /** Whether new messages must follow behind what is stored. */
  readonly isBehind: boolean;
  /** Lets a message wait for the end of the replay. Returns false where that is far, or there is no room. */
  addToTail(delivery: Delivery): boolean;
  /** Takes out what waits for the end of the replay, in order; that end is not near any more. */
  takeTail(): readonly Delivery[];
  /** The store has more than when it was read last. */
  wake(): void;
  /** The store may have something: new messages wait behind it only if it does. */
  poll(): void;
  /** The session has room again. */
  resume(): void;
  /** What is stored from `id` on is brought again: the session has not taken it. */
  rewind(id: StoreId): void;
  /** The session is gone. */
  end(): void;
}

/**
 * What this server knows of one user, across sessions: its devices, what the store holds for it, and which of its own
 * messages were seen.
 *
 * Outlives the last session for as long as its fingerprints are remembered.
 */
export class User implements DeviceUser, RingEntry {
  readonly id: string;
  readonly #settings: UserSettings;
  readonly #v6 = new Device(V6_DEVICE, this);
  /** Devices with an id, online or about to be. Absent where there are none: nearly always. */
  named: Map<string, Device> | undefined = undefined;
  /** The device that is responsible for what arrives: the first one online. Undefined while none is. */
  primary: Device | undefined = undefined;
  /** Absent where the store was seen to hold nothing. */
  queue: StoredQueue | undefined = undefined;
  #duplicates: DuplicateWindow | undefined = undefined;
  #awaited: Promise<void> | undefined = undefined;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(id: string, settings: UserSettings) {
    this.id = id;
    this.#settings = settings;
  }

  get stamp(): (() => number) | undefined {
    return this.#settings.stamp;
  }

  get isOnline(): boolean {
    return this.primary !== undefined;
  }

  /** The session of the device that is responsible for what arrives. */
  get session(): Outlet | undefined {
    return this.primary?.session;
  }

  /** The device with this id; undefined where it never had a session. */
  findDevice(id: string): Device | undefined {
    return id === V6_DEVICE ? this.#v6 : this.named?.get(id);
  }

  /** The device with this id, made where there is none. */
  device(id: string): Device {
    if (id === V6_DEVICE) return this.#v6;
    this.named ??= new Map();
    let device = this.named.get(id);
    if (device === undefined) {
      device = new Device(id, this);
      this.named.set(id, device);
    }
    return device;
  }

  /** Forgets a named device that has no session. */
  removeDevice({ id }: Device): void {
    this.named?.delete(id);
    if (this.named?.size === 0) this.named = undefined;
  }

  /** Devices with a session, the v6 device first. */
  onlineDevices(): readonly Device[] {
    const named = this.named === undefined ? [] : [...this.named.values()];
    return [this.#v6, ...named].filter(({ session }) => session !== undefined);
  }

  /** The window of what this user has sent. */
  duplicates(now: Instant): DuplicateWindow {
    const { duplicateLimits, digest } = this.#settings;
    this.#duplicates ??= new DuplicateWindow(now, duplicateLimits, digest);
    return this.#duplicates;
  }

  /** A message of this user needs no further handling: a repetition is only acknowledged. */
  handled(fingerprint: string, to: string, now: Instant): void {
    const forgotten = this.#duplicates?.finish(fingerprint, to, now) ?? 0;
    if (forgotten > 0) this.#settings.onForgotten(this);
  }

  /** A message of this user came to nothing: its next copy is a new message. */
  notHandled(fingerprint: string, to: string): void {
    this.#duplicates?.release(fingerprint, to);
  }

  /** Fingerprints of this user that are remembered. */
  get remembered(): number {
    return this.#duplicates?.remembered ?? 0;
  }

  /** An answer about one of this user's messages is awaited: what comes behind must wait, on any session. */
  awaits(answer: Promise<void>): Promise<void> {
    const awaited = answer.then(() => {
      if (this.#awaited === awaited) this.#awaited = undefined;
    });
    this.#awaited = awaited;
    return awaited;
  }

  /** The answer that is awaited, if any. */
  get awaited(): Promise<void> | undefined {
    return this.#awaited;
  }
}
