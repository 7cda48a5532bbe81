import type { AppendResult, DeadLetter, Entry, Position, StoredMessage } from '@imcore/server/ports';
import { keyOf } from '../journal.js';

/** Everything that was appended to the logs of a store between two restored backups. */
export class Ledger {
  readonly epoch: string;
  /** The messages that were appended, by key. */
  readonly keys = new Set<string>();
  readonly #logs = new Map<string, { readonly key: string; readonly kind: Entry['kind'] }[]>();
  /** Positions whose entries were removed although a device had not taken them, by user. */
  readonly #lost = new Map<string, Set<Position>>();
  /** Positions whose entries the log did not have when a device was registered, by user and device. */
  readonly #absent = new Map<string, Set<Position>>();

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  lastOf(userId: string): Position {
    return this.#logs.get(userId)?.length ?? 0;
  }

  /** What was appended at a position: the message's key, and for whom it is. `undefined` where there is nothing. */
  at(userId: string, position: Position): { readonly key: string; readonly kind: Entry['kind'] } | undefined {
    return this.#logs.get(userId)?.[position - 1];
  }

  /** Where a message is in the log of a user; 0 if it is not there. */
  positionOf(userId: string, key: string): Position {
    return (this.#logs.get(userId)?.findIndex((entry) => entry.key === key) ?? -1) + 1;
  }

  appended(messages: readonly StoredMessage[], results: readonly AppendResult[]): void {
    for (const [index, { to, from, fingerprint }] of messages.entries()) {
      const result = results[index];
      if (result?.outcome !== 'stored') continue;
      const key = keyOf(from, fingerprint);
      this.keys.add(key);
      this.#put(to, result.position, key, 'message');
      if (result.echo !== undefined) this.#put(from, result.echo, key, 'echo');
      this.deadLettered(result.displaced ?? []);
    }
  }

  deadLettered(deadLetters: readonly DeadLetter[]): void {
    for (const { to, from, fingerprint } of deadLetters)
      this.removed(to, this.positionOf(to, keyOf(from, fingerprint)));
  }

  /** An entry was removed although a device had not taken it. */
  removed(userId: string, position: Position): void {
    setOf(this.#lost, userId).add(position);
  }

  isLost(userId: string, position: Position): boolean {
    return this.#lost.get(userId)?.has(position) === true;
  }

  /** A device was registered. */
  deviceAdded(userId: string, deviceId: string, absent: readonly Position[]): void {
    const known = setOf(this.#absent, `${userId} ${deviceId}`);
    for (const position of absent) known.add(position);
  }

  /** Whether an entry was removed before a device was registered. */
  wasBefore(userId: string, deviceId: string, position: Position): boolean {
    return this.#absent.get(`${userId} ${deviceId}`)?.has(position) === true;
  }

  #put(userId: string, position: Position, key: string, kind: Entry['kind']): void {
    const log = this.#logs.get(userId) ?? [];
    this.#logs.set(userId, log);
    log[position - 1] = { key, kind };
  }
}

function setOf(sets: Map<string, Set<Position>>, key: string): Set<Position> {
  const known = sets.get(key) ?? new Set();
  sets.set(key, known);
  return known;
}
