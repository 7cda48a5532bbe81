import type { DeadLetter, Entry, KeptRecord, Position } from '../ports/message-store.js';

/** A message in memory, once for all logs that have it. It is dropped when nothing refers to it any more. */
export interface MemoryMessage {
  readonly key: string;
  readonly kept: KeptRecord;
  /** Its entry in the log of the receiver. */
  entry: MemoryEntry | undefined;
  /** Its entry in the log of the sender. */
  echo: MemoryEntry | undefined;
  dead: MemoryDeadLetter | undefined;
}

/** An entry of a log in memory. */
export interface MemoryEntry {
  readonly message: MemoryMessage;
  readonly position: Position;
  readonly kind: Entry['kind'];
  /** When the message was accepted or, as a dead letter, resent. */
  readonly since: number;
  /** Whether the v6 device has taken it one by one. */
  isTaken: boolean;
}

/** A dead letter in memory. */
export interface MemoryDeadLetter {
  readonly message: MemoryMessage;
  readonly deadLetter: DeadLetter;
  /** The position that the message had. */
  readonly position: Position;
}

/** Returns a message that no log has yet. */
export function newMessage(key: string, kept: KeptRecord): MemoryMessage {
  return { key, kept, entry: undefined, echo: undefined, dead: undefined };
}

/** Returns an entry as a store returns it. */
export function toEntry({ message, position, kind }: MemoryEntry): Entry {
  const { to, from, fingerprint, body, acceptedAt, id } = message.kept;
  return { to, from, fingerprint, body, acceptedAt, id, position, kind };
}
