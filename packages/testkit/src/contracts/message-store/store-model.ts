import type { Position } from '@imcore/server/ports';

/** A message of the model. Names are unique, and grow with the ids. */
export interface ModelMessage {
  readonly name: number;
  readonly from: string;
  readonly to: string;
  isDead: boolean;
  isDiscarded: boolean;
}

interface ModelEntry {
  readonly message: ModelMessage;
  readonly position: Position;
  readonly isEcho: boolean;
  isTakenByV6: boolean;
}

/** Limits of the model. */
interface ModelLimits {
  readonly maxPerUser: number;
  readonly maxLogEntries: number;
}

/** One log, written as the port describes it, without a thought of speed. */
class ModelLog {
  readonly devices = new Map<string, Position>();
  entries: ModelEntry[] = [];
  last: Position = 0;
  #takenByNamed: Position = 0;

  append(message: ModelMessage, isEcho: boolean): Position {
    this.last += 1;
    this.entries.push({ message, position: this.last, isEcho, isTakenByV6: false });
    return this.last;
  }

  get removed(): Position {
    return (this.entries[0]?.position ?? this.last + 1) - 1;
  }

  waiting(): readonly ModelEntry[] {
    return this.entries.filter((entry) => this.#waits(entry));
  }

  forV6(): readonly ModelEntry[] {
    return this.entries.filter(({ isEcho, isTakenByV6 }) => !isEcho && !isTakenByV6);
  }

  /** Returns whether the message was there, and not taken. */
  confirm(position: Position): boolean {
    if (position >= 1 && position <= this.last && !this.devices.has('')) this.devices.set('', 0);
    const entry = this.forV6().find((each) => each.position === position);
    if (entry !== undefined) entry.isTakenByV6 = true;
    return entry !== undefined;
  }

  advance(id: string, position: Position): void {
    const before = this.devices.get(id);
    if (before === undefined || position <= before || position > this.last) return;
    this.devices.set(id, position);
    this.#takenByNamed = Math.max(this.#takenByNamed, position);
  }

  put(id: string, position: Position): void {
    if (this.devices.has(id)) return;
    const upTo = Math.min(position, this.last);
    this.devices.set(id, upTo);
    if (id !== '') this.#takenByNamed = Math.max(this.#takenByNamed, upTo);
    else for (const entry of this.forV6()) if (entry.position <= upTo) entry.isTakenByV6 = true;
  }

  /** Removes what every device has taken, and what is too much. Returns how many entries were trimmed. */
  sweep(maxLogEntries: number): number {
    const named = [...this.devices].filter(([id]) => id !== '').map(([, position]) => position);
    const holdsForV6 = this.devices.has('') || named.length === 0;
    this.entries = this.entries.filter(({ position, isEcho, isTakenByV6 }) => {
      return named.some((taken) => taken < position) || (holdsForV6 && !isEcho && !isTakenByV6);
    });
    const excess = Math.max(0, this.entries.length - maxLogEntries);
    const trimmed = new Set(this.entries.filter((entry) => !this.#waits(entry)).slice(0, excess));
    this.entries = this.entries.filter((entry) => !trimmed.has(entry));
    return trimmed.size;
  }

  remove(message: ModelMessage): void {
    this.entries = this.entries.filter((entry) => entry.message !== message || entry.isEcho);
  }

  #waits({ position, isEcho, isTakenByV6 }: ModelEntry): boolean {
    return !isEcho && !isTakenByV6 && position > this.#takenByNamed;
  }
}

/** A store, as far as the random test uses it: full logs displace, nothing expires. */
export class StoreModel {
  readonly messages: ModelMessage[] = [];
  /** In the order in which they became dead letters, each with the position that it had. */
  dead: { readonly message: ModelMessage; readonly position: Position }[] = [];
  readonly #limits: ModelLimits;
  readonly #logs: ReadonlyMap<string, ModelLog>;

  constructor(userIds: readonly string[], limits: ModelLimits) {
    this.#limits = limits;
    this.#logs = new Map(userIds.map((userId) => [userId, new ModelLog()]));
  }

  log(userId: string): ModelLog {
    const log = this.#logs.get(userId);
    if (log === undefined) throw new Error(`the model has no user ${userId}`);
    return log;
  }

  append(from: string, to: string, echo: boolean): { position: Position; echo?: Position } {
    const message = { name: this.messages.length, from, to, isDead: false, isDiscarded: false };
    this.messages.push(message);
    const oldest = this.log(to).waiting()[0];
    if (oldest !== undefined && this.#isFull(to)) {
      this.log(to).remove(oldest.message);
      oldest.message.isDead = true;
      this.dead.push({ message: oldest.message, position: oldest.position });
    }
    const position = this.log(to).append(message, false);
    return echo && from !== to ? { position, echo: this.log(from).append(message, true) } : { position };
  }

  /** What an `append` of a message returns that the store has had before. */
  duplicate({ from, to, name }: ModelMessage): { position: Position | undefined; echo?: Position } {
    const entry = this.log(to)
      .forV6()
      .find(({ message }) => message.name === name);
    const echo = this.log(from).entries.find(({ message, isEcho }) => isEcho && message.name === name);
    return { position: entry?.position, ...(echo === undefined ? {} : { echo: echo.position }) };
  }

  confirm(userId: string, position: Position): void {
    if (this.log(userId).confirm(position)) return;
    const dead = this.dead.find(({ message, position: was }) => message.to === userId && was === position);
    if (dead !== undefined) this.#revive(dead.message);
  }

  /** Returns whether there was room. */
  resend(message: ModelMessage): boolean {
    if (this.#isFull(message.to)) return false;
    this.#revive(message);
    this.log(message.to).append(message, false);
    return true;
  }

  discard(message: ModelMessage): void {
    this.#revive(message);
    message.isDiscarded = true;
  }

  /** The names of the messages of two users, newest first. */
  history(a: string, b: string): readonly number[] {
    const pair = [a, b].sort().join();
    const kept = this.messages.filter(({ from, to, isDead, isDiscarded }) => {
      return [from, to].sort().join() === pair && !isDead && !isDiscarded;
    });
    return kept.map(({ name }) => name).reverse();
  }

  #isFull(userId: string): boolean {
    return this.log(userId).waiting().length >= this.#limits.maxPerUser;
  }

  #revive(message: ModelMessage): void {
    message.isDead = false;
    this.dead = this.dead.filter((each) => each.message !== message);
  }
}
