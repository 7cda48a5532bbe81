import type { ViewGap, ViewItem, ViewMessage } from './snapshots.js';

interface Placed {
  item: ViewItem;
  /** The id of the message, or of the last one before an item without an id. */
  anchor: number;
  /** 0 for a message with an id; orders the others behind it. */
  sequence: number;
}

/** What a message becomes. */
export type MessageChange = Partial<
  Pick<ViewMessage, 'id' | 'time' | 'hasServerTime' | 'delivery' | 'failure'>
>;

/**
 * The items of one conversation in order, each message once: messages with ids in the order of the ids, others where they came,
 * those being sent at the end.
 */
export class MessageWindow {
  readonly #maxItems: number;
  #placed: Placed[] = [];
  readonly #byId = new Map<number, Placed>();
  readonly #byFingerprint = new Map<string, Placed>();
  #sequence = 0;
  /** Undefined after a change. */
  #items: readonly ViewItem[] | undefined;
  #lastId = 0;

  constructor(maxItems: number) {
    this.#maxItems = maxItems;
  }

  /** The items, oldest first; the same array until something changes. */
  get items(): readonly ViewItem[] {
    this.#items ??= this.#placed.map(({ item }) => item);
    return this.#items;
  }

  get isFull(): boolean {
    return this.#placed.length >= this.#maxItems;
  }

  /** How many items may be added. */
  get room(): number {
    return Math.max(0, this.#maxItems - this.#placed.length);
  }

  /** The smallest id; undefined without messages that have one. */
  get firstId(): number | undefined {
    for (const { anchor, sequence } of this.#placed) if (sequence === 0) return anchor;
    return undefined;
  }

  /** The largest id so far, 0 if there was none. */
  get lastId(): number {
    return this.#lastId;
  }

  /** The id before the oldest gap; undefined without gaps. */
  get firstGapId(): number | undefined {
    return this.#placed.find(({ item }) => item.kind === 'gap')?.anchor;
  }

  /** The newest message; undefined if there is none. */
  get lastMessage(): ViewMessage | undefined {
    return this.#last((item): item is ViewMessage => item.kind === 'message');
  }

  /** The own message that has failed with a fingerprint. */
  findFailed(fingerprint: string): ViewMessage | undefined {
    for (const { item } of this.#placed)
      if (item.kind === 'message' && item.delivery === 'failed' && item.fingerprint === fingerprint)
        return item;
    return undefined;
  }

  find(key: string): ViewMessage | undefined {
    const found = this.#placed.find(({ item }) => item.key === key)?.item;
    return found?.kind === 'message' ? found : undefined;
  }

  /** Adds a message; one that is there already takes over what is new. */
  put(message: ViewMessage): void {
    const known = this.#known(message);
    if (known === undefined) {
      this.#insert(message);
      return;
    }
    const { item } = known;
    if (item.kind !== 'message') return;
    if (item.id === undefined && message.id !== undefined)
      this.#replace(known, { ...message, key: item.key });
    else if (item.isCut && !message.isCut) this.#replace(known, { ...message, key: item.key });
  }

  /** Changes a message. Has no effect if it is not there. */
  change(key: string, change: MessageChange): void {
    const placed = this.#placed.find(({ item }) => item.key === key);
    if (placed?.item.kind === 'message') this.#replace(placed, { ...placed.item, ...change });
  }

  remove(key: string): void {
    const placed = this.#placed.find(({ item }) => item.key === key);
    if (placed !== undefined) this.#take(placed);
  }

  /** Messages are missing behind the last one. */
  addGap(gap: ViewGap): void {
    const before = this.#last((item): item is ViewItem => !isSending(item));
    // One gap for what is missing between two messages.
    if (before?.kind === 'gap') return;
    this.#add({ item: gap, anchor: this.#lastId, sequence: this.#next() });
  }

  /** Keys of the gaps. */
  gaps(): string[] {
    return this.#placed.filter(({ item }) => item.kind === 'gap').map(({ item }) => item.key);
  }

  /** The gaps are being filled, or could not be. */
  setGaps(state: ViewGap['state']): void {
    for (const placed of this.#placed) {
      if (placed.item.kind !== 'gap' || placed.item.state === state) continue;
      placed.item = { ...placed.item, state };
      this.#items = undefined;
    }
  }

  /** Removes what comes before an item: it is not connected with the rest. */
  removeBefore(key: string): void {
    const index = this.#placed.findIndex(({ item }) => item.key === key);
    for (const placed of this.#placed.slice(0, Math.max(0, index))) {
      if (!isUnsettledItem(placed.item)) this.#take(placed);
    }
  }

  /** Removes the oldest items beyond the maximum, but none that is being sent. Returns whether it has removed any. */
  trim(): boolean {
    const excess = this.#placed.length - this.#maxItems;
    if (excess <= 0) return false;
    const removed = this.#placed.filter(({ item }) => !isSending(item)).slice(0, excess);
    for (const placed of removed) this.#take(placed);
    return removed.length > 0;
  }

  /** Removes everything but own messages that are being sent or have failed. */
  keepUnsettled(): void {
    for (const placed of [...this.#placed]) if (!isUnsettledItem(placed.item)) this.#take(placed);
    this.#lastId = 0;
  }

  #known(message: ViewMessage): Placed | undefined {
    const { id, from, fingerprint, content } = message;
    const sameId = id === undefined ? undefined : this.#byId.get(id);
    if (sameId !== undefined || fingerprint === undefined) return sameId;
    const placed = this.#byFingerprint.get(fingerprintKey(from, fingerprint));
    if (placed?.item.kind !== 'message') return undefined;
    const { item } = placed;
    // A sender that counts its messages may use a fingerprint again, for another message.
    const isOther = item.id !== undefined && id !== undefined;
    return isOther || (item.content !== content && !item.isCut && !message.isCut) ? undefined : placed;
  }

  #insert(message: ViewMessage): void {
    this.#add({ item: message, ...this.#placeOf(message) });
  }

  #replace(placed: Placed, message: ViewMessage): void {
    const before = placed.item.kind === 'message' ? placed.item : undefined;
    if (before?.id === message.id && before?.delivery === message.delivery) {
      placed.item = message;
      this.#items = undefined;
      return;
    }
    this.#take(placed);
    this.#insert(message);
  }

  #placeOf({ id, delivery }: ViewMessage): { anchor: number; sequence: number } {
    if (id !== undefined) return { anchor: id, sequence: 0 };
    const anchor = delivery === 'sending' ? Number.POSITIVE_INFINITY : this.#lastId;
    return { anchor, sequence: this.#next() };
  }

  #add(placed: Placed): void {
    const { item, anchor } = placed;
    let index = this.#placed.length;
    for (let before = this.#placed[index - 1]; before !== undefined; before = this.#placed[index - 1]) {
      if (compare(before, placed) <= 0) break;
      index -= 1;
    }
    this.#placed.splice(index, 0, placed);
    this.#items = undefined;
    if (item.kind !== 'message') return;
    if (item.id !== undefined) {
      this.#byId.set(item.id, placed);
      this.#lastId = Math.max(this.#lastId, anchor);
    }
    if (item.fingerprint !== undefined)
      this.#byFingerprint.set(fingerprintKey(item.from, item.fingerprint), placed);
  }

  #take(placed: Placed): void {
    const index = this.#placed.indexOf(placed);
    if (index >= 0) this.#placed.splice(index, 1);
    this.#items = undefined;
    const { item } = placed;
    if (item.kind !== 'message') return;
    if (item.id !== undefined) this.#byId.delete(item.id);
    if (item.fingerprint === undefined) return;
    const key = fingerprintKey(item.from, item.fingerprint);
    if (this.#byFingerprint.get(key) === placed) this.#byFingerprint.delete(key);
  }

  #last<Item extends ViewItem>(matches: (item: ViewItem) => item is Item): Item | undefined {
    for (let index = this.#placed.length - 1; index >= 0; index -= 1) {
      const item = this.#placed[index]?.item;
      if (item !== undefined && matches(item)) return item;
    }
    return undefined;
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }
}

/** Whether an own message is not at the server, as far as is known. */
export function isUnsettled({ delivery }: ViewMessage): boolean {
  return delivery === 'sending' || delivery === 'failed';
}

function isUnsettledItem(item: ViewItem): boolean {
  return item.kind === 'message' && isUnsettled(item);
}

function isSending(item: ViewItem): boolean {
  return item.kind === 'message' && item.delivery === 'sending';
}

function compare(a: Placed, b: Placed): number {
  return a.anchor === b.anchor ? a.sequence - b.sequence : a.anchor < b.anchor ? -1 : 1;
}

function fingerprintKey(from: string, fingerprint: string): string {
  return `${from.length}:${from}${fingerprint}`;
}
