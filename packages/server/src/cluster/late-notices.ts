import type { Instant } from '@imcore/protocol';
import { asError } from '../errors.js';
import type { Entry, LogPlace, MessageStore, Position, SharedStore } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import { V6_DEVICE } from '../users/user.js';
import { MAX_WITHHELD, WithheldNotices } from './withheld-notices.js';

/** Wait after the end of a user's last session, in milliseconds: its last acknowledgements are being confirmed. */
const AFTER_SESSION_MS = 1000;

/** Wait after the loss of a user's node, in milliseconds: clients need time to log in at another one. */
const AFTER_NODE_MS = 10_000;

/** Maximum number of users in one call of `whichWait`, and of messages in one page. */
const MAX_PLACES = 1000;
const MAX_PAGE = 100;

interface LateNoticeParts {
  readonly store: Pick<MessageStore, 'take' | 'devices'>;
  readonly shared: Pick<SharedStore, 'whichWait'>;
  /** Whether a user has a session at any node. */
  readonly isOnline: (userId: string) => boolean;
  /** Calls the hook `onStored` for a message. */
  readonly notify: (entry: Entry) => void;
  /** Resolves when the hook can be called for many more messages. */
  readonly notifierReady: () => Promise<void>;
}

/** A user who has gone offline, until the wait is over. */
class OfflineUser implements RingEntry {
  readonly userId: string;
  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(userId: string) {
    this.userId = userId;
  }
}

/**
 * Calls the hook `onStored` late, for messages to users who were online at another node. That node delivers them, so the hook is
 * not called when they are stored. When such a user has gone offline, or its node was lost, the hook is called for the messages
 * that still wait. Each node does this for the messages that it has stored itself.
 */
export class LateNotices {
  readonly #runtime: Runtime;
  readonly #parts: LateNoticeParts;
  readonly #withheld = new WithheldNotices();
  readonly #afterSession: DeadlineRing;
  readonly #afterNode: DeadlineRing;
  readonly #offline = new Map<string, OfflineUser>();
  readonly #due = new Set<string>();
  #isRunning = false;
  #isStopped = false;

  constructor(runtime: Runtime, parts: LateNoticeParts) {
    this.#runtime = runtime;
    this.#parts = parts;
    const waited = (user: OfflineUser): void => this.#waited(user);
    this.#afterSession = runtime.timers.ring<OfflineUser>(AFTER_SESSION_MS, waited);
    this.#afterNode = runtime.timers.ring<OfflineUser>(AFTER_NODE_MS, waited);
  }

  /**
   * The hook is not called for a message now, because its receiver is online at another node. If too many messages are withheld,
   * the oldest are forgotten.
   */
  withhold(userId: string, position: Position): void {
    const { clock, metrics, events } = this.#runtime;
    if (this.#withheld.add(userId, position, clock.now())) return;
    metrics.limitOfflineNotices += 1;
    events.emit('limited', { limit: 'offlineNotices', value: MAX_WITHHELD, remoteAddress: '', userId });
  }

  /** A user has no session at any node any more. `isNodeLost`: its last node was lost. */
  wentOffline(userId: string, isNodeLost: boolean): void {
    if (this.#isStopped || !this.#withheld.has(userId)) return;
    // One who was back meanwhile may have acknowledged the messages just now: the wait begins again.
    const user = this.#offline.get(userId) ?? new OfflineUser(userId);
    this.#offline.set(userId, user);
    (isNodeLost ? this.#afterNode : this.#afterSession).start(user, this.#runtime.clock.now());
  }

  stop(): void {
    this.#isStopped = true;
    for (const user of this.#offline.values()) user.ring?.stop(user);
    this.#offline.clear();
  }

  #waited({ userId }: OfflineUser): void {
    this.#offline.delete(userId);
    // The user is back, and its node delivers the messages. If the user goes offline again, `wentOffline` is called again.
    if (this.#parts.isOnline(userId)) return;
    this.#due.add(userId);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Users whose waits end in the same turn share a call of the store.
    await undefined;
    while (this.#due.size > 0 && !this.#isStopped) {
      const userIds = this.#takeDue();
      if (userIds.length > 0) await this.#notify(userIds);
    }
    this.#isRunning = false;
  }

  /** Removes the next users, and returns those of them who are still offline. */
  #takeDue(): readonly string[] {
    const userIds = [...this.#due].slice(0, MAX_PLACES);
    for (const userId of userIds) this.#due.delete(userId);
    return userIds.filter((userId) => !this.#parts.isOnline(userId));
  }

  async #notify(userIds: readonly string[]): Promise<void> {
    const positionsOf = new Map(userIds.map((userId) => [userId, this.#withheld.take(userId)]));
    const places = userIds.map((userId): LogPlace => {
      return { userId, after: (positionsOf.get(userId)?.[0] ?? 1) - 1, device: 'v6' };
    });
    try {
      for (const userId of await this.#parts.shared.whichWait(places)) {
        await this.#parts.notifierReady();
        await this.#notifyOf(userId, positionsOf.get(userId) ?? []);
      }
    } catch (error) {
      const { metrics, events } = this.#runtime;
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
      // It is not known for which messages the hook was called: for some it may be called twice.
      for (const [userId, positions] of positionsOf) {
        for (const position of positions) this.withhold(userId, position);
        this.wentOffline(userId, true);
      }
    }
  }

  async #notifyOf(userId: string, positions: readonly Position[]): Promise<void> {
    // `take` tells what the v6 device has not taken.
    const devices = await this.#parts.store.devices(userId);
    const taken = Math.max(
      0,
      ...devices.filter(({ id }) => id !== V6_DEVICE).map(({ position }) => position),
    );
    const left = new Set(positions.filter((position) => position > taken));
    let after = (positions[0] ?? 1) - 1;
    while (left.size > 0 && !this.#isStopped) {
      const { entries } = await this.#parts.store.take(userId, after, MAX_PAGE);
      for (const entry of entries) if (left.delete(entry.position)) this.#parts.notify(entry);
      const last = entries.at(-1);
      if (last === undefined || last.position >= (positions.at(-1) ?? 0)) return;
      after = last.position;
    }
  }
}
