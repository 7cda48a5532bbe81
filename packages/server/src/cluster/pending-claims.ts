import type { Instant } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { Device } from '../users/user.js';

/**
 * Half of the time between a login and its claim, in milliseconds. The wait is two waits with one turn of the event loop between
 * them at least, so that at any load the end of the connection is read first if it has arrived.
 */
const HALF_MS = 3;

/** The claim of a session that has just started. */
class PendingClaim implements RingEntry {
  readonly device: Device;
  readonly session: SessionInfo;
  isHalfOver = false;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(device: Device, session: SessionInfo) {
    this.device = device;
    this.session = session;
  }
}

/**
 * The sessions that are not claimed yet, because their connections may turn out to be closed.
 *
 * A client that got no answer in time closes its connection and logs in elsewhere. A busy node reads the first login all the same,
 * and the end of the connection after it: if it claimed the user at once, the client's live session would be kicked out.
 */
export class PendingClaims {
  readonly #runtime: Runtime;
  readonly #claim: (device: Device, session: SessionInfo) => void;
  readonly #waits: DeadlineRing;
  readonly #pending = new Map<Device, PendingClaim>();

  /** `claim` is called for each session that is still there after the wait. */
  constructor(runtime: Runtime, claim: (device: Device, session: SessionInfo) => void) {
    this.#runtime = runtime;
    this.#claim = claim;
    this.#waits = runtime.timers.ring<PendingClaim>(HALF_MS, (pending) => this.#waited(pending));
  }

  /** A session has started. An earlier one of the device that waits is replaced. */
  add(device: Device, session: SessionInfo): void {
    this.delete(device);
    const pending = new PendingClaim(device, session);
    this.#pending.set(device, pending);
    this.#waits.start(pending, this.#runtime.clock.now());
  }

  /** The session of a device has ended. */
  delete(device: Device): void {
    const pending = this.#pending.get(device);
    if (pending === undefined) return;
    this.#waits.stop(pending);
    this.#pending.delete(device);
  }

  #waited(pending: PendingClaim): void {
    if (!pending.isHalfOver) {
      pending.isHalfOver = true;
      this.#waits.start(pending, this.#runtime.clock.now());
      return;
    }
    this.#pending.delete(pending.device);
    this.#claim(pending.device, pending.session);
  }
}
