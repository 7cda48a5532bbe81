import { type MemoryStore, type MemoryStoreOptions, memoryStore } from '@imcore/server';
import type { LogPage, MessageStore, Position, StoredDevice, Sweep } from '@imcore/server/ports';
import { wrapStore } from '@imcore/testkit';
import { Ledger } from './ledger.js';

/** A limit for reading everything that a log holds. */
const EVERYTHING = 1_000_000;

/** Calls that change the store, besides those that the ledger must know of. */
const CHANGING: ReadonlySet<string> = new Set(['confirm', 'advance', 'removeDevice', 'discard', 'resend']);

/** A call that has changed the store. */
interface Change {
  readonly wallTime: number;
  repeat(): Promise<unknown>;
}

/**
 * A store in memory that outlives its servers, and that can be set back to an earlier state, as a file by a restored backup.
 *
 * It keeps a {@link Ledger} of what it was given, which does not depend on what servers and devices say.
 */
export class RestorableStore {
  /** For the servers. */
  readonly store: MessageStore;
  readonly #users: readonly string[];
  readonly #options: Omit<MemoryStoreOptions, 'wallTime'>;
  readonly #wallTime: () => number;
  /** The wall time of the change that is being repeated. */
  #repeatedAt: number | undefined = undefined;
  #epochs = 0;
  #inner: MemoryStore;
  #changes: Change[] = [];
  #ledger: Ledger;
  readonly #earlier: Ledger[] = [];

  constructor(
    users: readonly string[],
    options: Omit<MemoryStoreOptions, 'wallTime'>,
    wallTime: () => number,
  ) {
    this.#users = users;
    this.#options = options;
    this.#wallTime = wallTime;
    this.#inner = this.#create();
    this.#ledger = new Ledger(this.#nextEpoch());
    this.store = this.#recording();
  }

  /** What the store was given since it was created or last set back. */
  get ledger(): Ledger {
    return this.#ledger;
  }

  /** The ledgers of times that do not count any more, the oldest first. */
  get earlier(): readonly Ledger[] {
    return this.#earlier;
  }

  /** How many calls have changed the store until an instant of the wall clock. */
  changesUntil(wallTime: number): number {
    return this.#changes.filter((change) => change.wallTime <= wallTime).length;
  }

  /** Sets the store back to where it was after so many changes. No server may use it. */
  setBack(changes: number, keepsEpoch = false): void {
    const kept = this.#changes.slice(0, changes);
    this.#earlier.push(this.#ledger);
    this.#ledger = new Ledger(keepsEpoch ? this.#ledger.epoch : this.#nextEpoch());
    this.#inner = this.#create();
    this.#changes = [];
    for (const { wallTime, repeat } of kept) {
      this.#repeatedAt = wallTime;
      void repeat();
    }
    this.#repeatedAt = undefined;
  }

  #create(): MemoryStore {
    return memoryStore({ ...this.#options, wallTime: () => this.#repeatedAt ?? this.#wallTime() });
  }

  #nextEpoch(): string {
    this.#epochs += 1;
    return `epoch-${this.#epochs}`;
  }

  #recording(): MessageStore {
    const current = new Proxy(this.#inner, {
      get: (_target, name: keyof MemoryStore) => {
        const member = this.#inner[name];
        return typeof member === 'function' ? member.bind(this.#inner) : member;
      },
    });
    return wrapStore(current, (call, work) => (CHANGING.has(call) ? this.#change(work) : work()), {
      epoch: () => Promise.resolve(this.#ledger.epoch),
      append: (messages) =>
        this.#change(async () => {
          const ledger = this.#ledger;
          const results = await this.#inner.append(messages);
          ledger.appended(messages, results);
          return results;
        }),
      putDevice: (userId, device) => this.#change(() => this.#putDevice(userId, device)),
      expire: (now, limit) => this.#change(() => this.#expire(now, limit)),
      // A server that has ended closes its store, which other servers will use.
      close: () => Promise.resolve(),
    });
  }

  /** The store changes at once, before this returns. */
  #change<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#changes.push({
      wallTime: this.#repeatedAt ?? this.#wallTime(),
      repeat: () => this.#change(work),
    });
    return work();
  }

  async #putDevice(userId: string, device: StoredDevice): Promise<StoredDevice> {
    const ledger = this.#ledger;
    const before = this.#inner.devices(userId);
    const page = this.#inner.read(userId, 0, EVERYTHING);
    const stored = await this.#inner.putDevice(userId, device);
    if ((await before).every(({ id }) => id !== device.id))
      ledger.deviceAdded(userId, device.id, absentFrom(await page));
    return stored;
  }

  async #expire(now: number, limit: number): Promise<Sweep> {
    const ledger = this.#ledger;
    const readAll = () => this.#users.map((userId) => this.#inner.read(userId, 0, EVERYTHING));
    const before = readAll();
    const sweeping = this.#inner.expire(now, limit);
    const after = readAll();
    const sweep = await sweeping;
    ledger.deadLettered(sweep.deadLetters);
    const trimmed = new Set(sweep.trimmed.map(({ userId }) => userId));
    for (const [index, userId] of this.#users.entries()) {
      const [had, has] = [await before[index], await after[index]];
      if (!trimmed.has(userId) || had === undefined || has === undefined) continue;
      const left = new Set(has.entries.map(({ position }) => position));
      for (const { position } of had.entries) if (!left.has(position)) ledger.removed(userId, position);
    }
    return sweep;
  }
}

/** The positions up to the end of a log that have no entry. */
function absentFrom({ entries, last }: LogPage): readonly Position[] {
  const present = new Set(entries.map(({ position }) => position));
  return Array.from({ length: last }, (_, index) => index + 1).filter((position) => !present.has(position));
}
