import type { DeadLetter, DeadLetterCause, DeadLetterId, Position } from '../ports/message-store.js';
import type { MemoryDeadLetter, MemoryMessage } from './memory-message.js';

/** The dead letters of a store in memory. */
export class MemoryDeadLetters {
  /** In the order of their numbers. */
  readonly #dead = new Map<DeadLetterId, MemoryDeadLetter>();
  /** By the place in the log where the message was. */
  readonly #places = new Map<string, MemoryDeadLetter>();
  #lastId = 0;

  get size(): number {
    return this.#dead.size;
  }

  get oldest(): MemoryDeadLetter | undefined {
    for (const dead of this.#dead.values()) return dead;
    return undefined;
  }

  get(id: DeadLetterId): MemoryDeadLetter | undefined {
    return this.#dead.get(id);
  }

  /** Returns the dead letter that an entry has become. */
  at(userId: string, position: Position): MemoryDeadLetter | undefined {
    return this.#dead.size === 0 ? undefined : this.#places.get(placeOf(userId, position));
  }

  add(
    message: MemoryMessage,
    position: Position,
    cause: DeadLetterCause,
    deadLetteredAt: number,
  ): MemoryDeadLetter {
    this.#lastId += 1;
    const { id: messageId, ...fields } = message.kept;
    const deadLetter = { ...fields, id: this.#lastId, messageId, cause, deadLetteredAt };
    const dead = { message, deadLetter, position };
    this.#dead.set(deadLetter.id, dead);
    this.#places.set(placeOf(deadLetter.to, position), dead);
    return dead;
  }

  delete({ deadLetter, position }: MemoryDeadLetter): void {
    this.#dead.delete(deadLetter.id);
    this.#places.delete(placeOf(deadLetter.to, position));
  }

  list(after: DeadLetterId, limit: number, userId?: string): readonly DeadLetter[] {
    const page: DeadLetter[] = [];
    for (const { deadLetter } of this.#dead.values()) {
      if (page.length >= limit) break;
      if (deadLetter.id > after && (userId === undefined || deadLetter.to === userId)) page.push(deadLetter);
    }
    return page;
  }

  clear(): void {
    this.#dead.clear();
    this.#places.clear();
  }
}

function placeOf(userId: string, position: Position): string {
  return `${position} ${userId}`;
}
