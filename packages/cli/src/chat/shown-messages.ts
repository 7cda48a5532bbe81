/** Maximum number of messages, and of conversations, that are remembered. The oldest are forgotten. */
const MAX_REMEMBERED = 10_000;

/** Which numbered messages are on the screen: a message of the history may also come as a missed one, and history goes on before them. */
export class ShownMessages {
  readonly #ids = new Set<number>();
  readonly #oldest = new Map<string, number>();

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  add(conversation: string, id: number): void {
    this.#ids.add(id);
    this.#oldest.set(conversation, Math.min(id, this.#oldest.get(conversation) ?? id));
    forgetFirst(this.#ids);
    forgetFirst(this.#oldest);
  }

  /** The smallest id of a conversation that is shown; undefined if none is. */
  oldestOf(conversation: string): number | undefined {
    return this.#oldest.get(conversation);
  }
}

function forgetFirst<Key>(keys: Set<Key> | Map<Key, unknown>): void {
  const [first] = keys.keys();
  if (keys.size > MAX_REMEMBERED && first !== undefined) keys.delete(first);
}
