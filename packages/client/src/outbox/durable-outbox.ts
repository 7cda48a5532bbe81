import type { LogPosition } from '@imcore/protocol';
import { OutboxError } from '../errors.js';
import { DeviceLog } from '../log/device-log.js';
import type { Outbox, OutboxHandler, OutboxSource } from '../outbox.js';
import type { OutgoingMessage, RestoredMessage } from '../outgoing.js';
import type { CreateLog } from '../session-log.js';
import { deviceOf, positionText } from './device-record.js';
import { outboxValue, restoreMessage } from './outbox-entry.js';
import type { DeviceRecord, OutboxStorage, StorageBox, StoredEntry } from './outbox-storage.js';

/** Creates a durable outbox on a storage. If the storage keeps devices, its clients offer level 1 to servers. */
export function outboxOn(storage: OutboxStorage): OutboxSource {
  const create = (handler: OutboxHandler): Outbox => new DurableOutbox(storage, handler);
  if (storage.openRecord === undefined) return create;
  return Object.assign(create, { createLog });
}

const createLog: CreateLog = (settings, random, host) => new DeviceLog(settings, random, host);

interface Boxes {
  /** Pending messages, by fingerprint. */
  readonly waiting: StorageBox;
  /** Received messages, by key (sender and fingerprint). */
  readonly received: StorageBox | undefined;
  /** The device that this program is for the user; undefined if the storage has none for it. */
  readonly record: DeviceRecord | undefined;
}

class DurableOutbox implements Outbox {
  readonly #storage: OutboxStorage;
  readonly #handler: OutboxHandler;
  #boxes: Promise<Boxes> | undefined;
  #closing: Promise<unknown> = Promise.resolve();
  /** Keys of remembered messages, oldest first. */
  #keys = new Set<string>();

  constructor(storage: OutboxStorage, handler: OutboxHandler) {
    this.#storage = storage;
    this.#handler = handler;
  }

  open(userId: string): void {
    const boxes: Promise<Boxes> = this.#closing.then(() => this.#open(userId, () => boxes === this.#boxes));
    this.#boxes = boxes;
    this.#keys = new Set();
    boxes.catch((cause) => {
      if (boxes !== this.#boxes) return;
      this.#handler.failed(outboxError(cause));
      this.#handler.found([], []);
    });
  }

  keep(message: OutgoingMessage): void {
    const { ticket, packet } = message;
    this.#with(({ waiting }) => waiting.put(packet.fp ?? '', outboxValue(message))).then(
      () => this.#handler.kept(ticket, packet.fp),
      (cause) => this.#handler.kept(ticket, packet.fp, outboxError(cause)),
    );
  }

  forget(key: string): void {
    this.#with(({ waiting }) => waiting.remove(key)).catch((cause) => this.#failed(cause));
  }

  async remember(key: string): Promise<void> {
    try {
      await this.#with(({ received }) => {
        this.#keys.add(key);
        const [oldest] = this.#keys;
        if (this.#keys.size <= this.#handler.remember || oldest === undefined) return received?.put(key, '');
        this.#keys.delete(oldest);
        return Promise.all([received?.put(key, ''), received?.remove(oldest)]);
      });
    } catch (cause) {
      this.#failed(cause);
    }
  }

  async savePosition(position: LogPosition): Promise<void> {
    try {
      await this.#with(({ record }) => record?.write(positionText(position)));
    } catch (cause) {
      this.#failed(cause);
    }
  }

  close(): void {
    const boxes = this.#boxes;
    this.#boxes = undefined;
    if (boxes === undefined) return;
    this.#closing = boxes
      .then(({ waiting, received, record }) =>
        Promise.all([waiting.close(), received?.close(), record?.close()]),
      )
      .catch(() => {});
  }

  get closed(): Promise<unknown> {
    return this.#closing;
  }

  async #open(userId: string, isCurrent: () => boolean): Promise<Boxes> {
    const found = (
      waiting: readonly StoredEntry[],
      received: readonly StoredEntry[],
      record?: DeviceRecord,
    ): void => {
      if (!isCurrent()) return;
      for (const { key } of received) this.#keys.add(key);
      this.#handler.found(
        waiting.flatMap((entry) => this.#restored(entry)),
        received.map(({ key }) => key),
        record && deviceOf(record),
      );
    };
    const storage = this.#storage;
    const opening = this.#openRecord(userId);
    let waiting: StorageBox | undefined;
    try {
      waiting = await storage.open(`waiting:${userId}`, (entries) => found(entries, []));
      const received =
        this.#handler.remember > 0
          ? await storage.open(`received:${userId}`, (entries) => found([], entries))
          : undefined;
      const record = await opening;
      found(await waiting.list(), (await received?.list()) ?? [], record);
      return { waiting, received, record };
    } catch (error) {
      await waiting?.close();
      await (await opening)?.close();
      throw error;
    }
  }

  /** Without the record, the outbox keeps messages all the same. */
  async #openRecord(userId: string): Promise<DeviceRecord | undefined> {
    try {
      return await this.#storage.openRecord?.(`device:${userId}`);
    } catch (cause) {
      this.#failed(cause);
      return undefined;
    }
  }

  /** Decodes the message of an entry; removes an entry that is invalid. */
  #restored(entry: StoredEntry): RestoredMessage[] {
    const { sendTimeoutMs } = this.#handler;
    try {
      return [restoreMessage(entry, this.#handler.nextTicket(), this.#handler.wallTime(), sendTimeoutMs)];
    } catch (cause) {
      this.forget(entry.key);
      this.#failed(cause);
      return [];
    }
  }

  async #with(use: (boxes: Boxes) => unknown): Promise<void> {
    if (this.#boxes !== undefined) await use(await this.#boxes);
  }

  #failed(cause: unknown): void {
    this.#handler.failed(outboxError(cause));
  }
}

function outboxError(cause: unknown): OutboxError {
  if (cause instanceof OutboxError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new OutboxError('ERR_OUTBOX_FAILED', `the outbox failed: ${text}`, { cause });
}
