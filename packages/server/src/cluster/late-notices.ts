import type { Instant } from '@imcore/protocol';
import { asError } from '../errors.js';
import type { MessageStore, SharedStore, StoreId, WaitingMessage } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import { MAX_WITHHELD, WithheldNotices } from './withheld-notices.js';

/** Wait after the end of a user's last session, in milliseconds: its acknowledgements are being confirmed. */
const AFTER_SESSION_MS = 1000;

/** The same after the loss of its node, whose clients need a moment to come back at another one. */
const AFTER_NODE_MS = 10_000;

/** Maximum number of users in one question to the store, and of messages in one page. */
const MAX_PLACES = 1000;
const MAX_PAGE = 100;

interface LateNoticeParts {
  readonly store: Pick<MessageStore, 'take'>;
  readonly shared: Pick<SharedStore, 'whichWait'>;
  /** Whether a user has a session at any node. */
  readonly isOnline: (userId: string) => boolean;
  /** Tells `onStored` of a message. */
  readonly notify: (message: WaitingMessage) => void;
}

/** A user who has gone offline. */
class Absent implements RingEntry {
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
 * Tells `onStored` late of messages to users of other nodes. Those nodes bring them, so it is not told at first; but if the user goes
 * offline, or the node dies, what still waits then is told. Each node tells of what it has stored itself.
 */
export class LateNotices {
  readonly #runtime: Runtime;
  readonly #parts: LateNoticeParts;
  readonly #withheld = new WithheldNotices();
  readonly #afterSession: DeadlineRing;
  readonly #afterNode: DeadlineRing;
  readonly #absent = new Map<string, Absent>();
  #due: string[] = [];
  #isRunning = false;
  #isStopped = false;

  constructor(runtime: Runtime, parts: LateNoticeParts) {
    this.#runtime = runtime;
    this.#parts = parts;
    const due = (absent: Absent): void => this.#isDue(absent);
    this.#afterSession = runtime.timers.ring<Absent>(AFTER_SESSION_MS, due);
    this.#afterNode = runtime.timers.ring<Absent>(AFTER_NODE_MS, due);
  }

  /** `onStored` is not told of a message now, because its receiver is online at another node. If too many are withheld, the oldest are forgotten. */
  withhold(userId: string, id: StoreId): void {
    const { clock, metrics, events } = this.#runtime;
    if (this.#withheld.add(userId, id, clock.now())) return;
    metrics.limitOfflineNotices += 1;
    events.emit('limited', { limit: 'offlineNotices', value: MAX_WITHHELD, remoteAddress: '', userId });
  }

  /** A user has no session at any node any more. */
  wentOffline(userId: string, isNodeLost: boolean): void {
    if (this.#isStopped || this.#absent.has(userId) || !this.#withheld.has(userId)) return;
    const absent = new Absent(userId);
    this.#absent.set(userId, absent);
    (isNodeLost ? this.#afterNode : this.#afterSession).start(absent, this.#runtime.clock.now());
  }

  stop(): void {
    this.#isStopped = true;
    for (const absent of this.#absent.values()) absent.ring?.stop(absent);
    this.#absent.clear();
  }

  #isDue({ userId }: Absent): void {
    this.#absent.delete(userId);
    // The node where it is now brings the messages. If it goes offline there, this is called again.
    if (this.#parts.isOnline(userId)) return;
    this.#due.push(userId);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // All that are due in this turn go together.
    await undefined;
    while (this.#due.length > 0 && !this.#isStopped) await this.#tell(this.#due.splice(0, MAX_PLACES));
    this.#isRunning = false;
  }

  async #tell(userIds: readonly string[]): Promise<void> {
    const idsOf = new Map(userIds.map((userId) => [userId, this.#withheld.take(userId)]));
    const places = userIds.map((userId) => ({ userId, after: (idsOf.get(userId)?.[0] ?? 0) - 1 }));
    try {
      for (const userId of await this.#parts.shared.whichWait(places))
        await this.#tellOf(userId, idsOf.get(userId) ?? []);
    } catch (error) {
      const { metrics, events } = this.#runtime;
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
      // Nobody knows which were told: it may be told twice of some.
      for (const [userId, ids] of idsOf) {
        for (const id of ids) this.withhold(userId, id);
        this.wentOffline(userId, true);
      }
    }
  }

  async #tellOf(userId: string, ids: readonly StoreId[]): Promise<void> {
    const left = new Set(ids);
    let after = (ids[0] ?? 0) - 1;
    while (left.size > 0 && !this.#isStopped) {
      const page = await this.#parts.store.take(userId, after, MAX_PAGE);
      for (const message of page) if (left.delete(message.id)) this.#parts.notify(message);
      const last = page.at(-1);
      if (last === undefined || last.id >= (ids.at(-1) ?? 0)) return;
      after = last.id;
    }
  }
}
