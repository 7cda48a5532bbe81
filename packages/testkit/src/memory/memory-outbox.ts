import { OutboxError, type OutboxStorage, type StorageBox, type StoredEntry } from '@imcore/client/outbox';

/** An outbox storage in memory: what it holds outlives the clients that use it, as a disk outlives a process. */
export interface MemoryOutbox extends OutboxStorage {
  /** What is kept under a name, whoever owns it, oldest first. */
  entries(name: string): readonly StoredEntry[];
  /** Ends all boxes that are open, as if their program had died: what they ask for from now on is never answered. */
  crash(): void;
}

interface MemoryOutboxOptions {
  /** Waits before each change takes effect, such as a disk's. Default: none. */
  readonly delay?: () => Promise<void>;
}

/** Keeps entries in memory. One program has a box open at a time. */
export function memoryOutbox({ delay = async () => {} }: MemoryOutboxOptions = {}): MemoryOutbox {
  const disk = new Map<string, Map<string, string>>();
  const open = new Set<string>();
  let life = {};

  return {
    entries: (name) => listOf(disk.get(name)),
    crash() {
      life = {};
      open.clear();
    },
    async open(name) {
      if (open.has(name)) throw new OutboxError('ERR_OUTBOX_LOCKED', `the outbox ${name} is open`);
      open.add(name);
      const kept = disk.get(name) ?? new Map<string, string>();
      disk.set(name, kept);
      return memoryBox(
        kept,
        delay,
        life,
        () => life,
        () => open.delete(name),
      );
    },
  };
}

function memoryBox(
  kept: Map<string, string>,
  delay: () => Promise<void>,
  bornIn: object,
  presentLife: () => object,
  release: () => void,
): StorageBox {
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();
  /** One call after the other; none is answered in another life. */
  const inOrder = <Result>(act: () => Result): Promise<Result> => {
    const result = last.then(async () => {
      if (isClosed) throw new OutboxError('ERR_OUTBOX_FAILED', 'the box is closed');
      await delay();
      if (presentLife() !== bornIn) return new Promise<Result>(() => {});
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
        if (presentLife() === bornIn && !isClosed) release();
        isClosed = true;
      }),
  };
}

function listOf(kept: ReadonlyMap<string, string> | undefined): StoredEntry[] {
  return [...(kept ?? [])].map(([key, value]) => ({ key, value }));
}
