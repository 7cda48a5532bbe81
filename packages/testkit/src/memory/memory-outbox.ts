import {
  OutboxError,
  type OutboxStorage,
  recordIn,
  type StorageBox,
  type StoredEntry,
} from '@imcore/client/outbox';

/** An outbox storage in memory. It outlives the clients that use it, as a disk outlives a process. */
export interface MemoryOutbox extends OutboxStorage {
  /** The entries of a box, oldest first, whether or not it is open. */
  entries(name: string): readonly StoredEntry[];
  /** Ends all open boxes as if their program had crashed: their calls never settle from now on. */
  crash(): void;
}

interface MemoryOutboxOptions {
  /** Called before each change takes effect, to simulate the latency of a disk. Default: none. */
  readonly delay?: () => Promise<void>;
}

/** Keeps entries in memory. A box can be open once at a time. */
export function memoryOutbox({ delay = async () => {} }: MemoryOutboxOptions = {}): MemoryOutbox {
  const disk = new Map<string, Map<string, string>>();
  const open = new Set<string>();
  let crashes = 0;

  const openBox = async (name: string): Promise<StorageBox> => {
    if (open.has(name)) throw new OutboxError('ERR_OUTBOX_LOCKED', `the outbox ${name} is open`);
    open.add(name);
    const kept = disk.get(name) ?? new Map<string, string>();
    disk.set(name, kept);
    const crashesBefore = crashes;
    return memoryBox(
      kept,
      delay,
      () => crashes > crashesBefore,
      () => open.delete(name),
    );
  };

  return {
    entries: (name) => listOf(disk.get(name)),
    crash() {
      crashes += 1;
      open.clear();
    },
    open: openBox,
    openRecord: async (name) => recordIn(await openBox(name)),
  };
}

function memoryBox(
  kept: Map<string, string>,
  delay: () => Promise<void>,
  hasCrashed: () => boolean,
  release: () => void,
): StorageBox {
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();
  /** Carries out one call after the other. Calls do not settle after a crash. */
  const inOrder = <Result>(act: () => Result): Promise<Result> => {
    const result = last.then(async () => {
      if (isClosed) throw new OutboxError('ERR_OUTBOX_FAILED', 'the box is closed');
      await delay();
      if (hasCrashed()) return new Promise<Result>(() => {});
      return act();
    });
    last = result.catch(() => {});
    return result;
  };
  return {
    list: () => inOrder(() => listOf(kept)),
    put: (key, value) => inOrder(() => void kept.set(key, value)),
    remove: (key) => inOrder(() => void kept.delete(key)),
    close: () =>
      last.then(() => {
        if (!hasCrashed() && !isClosed) release();
        isClosed = true;
      }),
  };
}

function listOf(kept: ReadonlyMap<string, string> | undefined): StoredEntry[] {
  return [...(kept ?? [])].map(([key, value]) => ({ key, value }));
}
