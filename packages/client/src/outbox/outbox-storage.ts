/** One entry of a {@link StorageBox}. */
export interface StoredEntry {
  readonly key: string;
  readonly value: string;
}

/**
 * A named, ordered, persistent collection of key-value pairs.
 *
 * Calls take effect in the order in which they are made, without waiting for earlier ones. Every call may be repeated.
 */
export interface StorageBox {
  /** Returns all entries, oldest first. */
  list(): Promise<readonly StoredEntry[]>;
  /**
   * Appends an entry; an existing key keeps its position and gets the new value. Resolves when the entry survives a
   * crash of the program.
   *
   * @throws OutboxError `ERR_OUTBOX_FULL`, `ERR_OUTBOX_FAILED`; after the latter the entry may be stored or not.
   */
  put(key: string, value: string): Promise<void>;
  /** Removes an entry. Has no effect if the key does not exist. */
  remove(key: string): Promise<void>;
  /** Closes the box, so that another program may open it. The entries stay. */
  close(): Promise<void>;
}

/** The record of one device: a small text that is no entry of a box. It belongs to one program at a time. */
export interface DeviceRecord {
  /** The id of the device: 1 to 64 characters, always the same. */
  readonly id: string;
  /** What was written last; undefined before the first time. */
  readonly position: string | undefined;
  /** Replaces the text. Resolves when it survives a crash of the program. @throws OutboxError as {@link StorageBox.put} */
  write(position: string): Promise<void>;
  /** Closes the record, so that another program may be this device. */
  close(): Promise<void>;
}

/**
 * The storage of a durable outbox: pending messages, with `remember` the keys of received ones, and the record of a device.
 *
 * An entry belongs to one open box at a time. If several programs (tabs) may open the same name, each of them has its
 * own entries. The entries of a program that has ended belong to the next one that opens the name, or are passed to
 * `adopted` of one that has it open.
 *
 * @see docs/adr/0009-outbox-of-the-client.md
 */
export interface OutboxStorage {
  /**
   * Opens a box. `adopted` is called later with entries of programs that have ended.
   *
   * @throws OutboxError `ERR_OUTBOX_LOCKED` if another program has the box open and it cannot be shared,
   *   `ERR_OUTBOX_FAILED`
   */
  open(name: string, adopted: (entries: readonly StoredEntry[]) => void): Promise<StorageBox>;
  /**
   * Opens the record of a device, and creates it at first: with `recordIn`, or with a device for each program that may have it
   * open. Two programs must never be the same device at the same time. Resolves with undefined if the platform cannot
   * tell programs apart. Absent: the storage keeps no devices, and its clients stay at level `'v6'`.
   *
   * @throws OutboxError as {@link open}
   */
  readonly openRecord?: ((name: string) => Promise<DeviceRecord | undefined>) | undefined;
}
