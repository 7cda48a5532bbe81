import { setTimeout as pause } from 'node:timers/promises';
import type { MessageStore } from '@imcore/server';
import type { StoredMessage } from '@imcore/server/ports';
import { SeededRandom } from '@imcore/testkit';
import { nowNanoseconds } from './disk-recording.js';
import type { Guarantee, MessageName } from './guarantees.js';

export const RECEIVERS = Array.from({ length: 8 }, (_, index) => `receiver-${index}`);
const SENDERS = Array.from({ length: 8 }, (_, index) => `sender-${index}`);
const MAX_TOGETHER = 64;
const MAX_REPEATS = 40;

/** Appends and confirms as a busy server does, and records the guarantees of the store. */
export class StoreWorkload {
  readonly given: Guarantee[] = [];
  readonly #random: SeededRandom;
  readonly #numbers = new Map<string, number>();
  readonly #first: number;

  /** @param first the first number of each pair, above those of earlier workloads on this disk. */
  constructor(seed: number, first: number) {
    this.#random = new SeededRandom(seed);
    this.#first = first;
  }

  /** Uses a store for `durationMs`. Each sender has one pending append, and each receiver one confirmation. */
  async run(store: MessageStore, durationMs: number): Promise<void> {
    const endsAt = performance.now() + durationMs;
    const untilThen = async (work: () => Promise<void>) => {
      while (performance.now() < endsAt) await work();
    };
    await Promise.all([
      ...SENDERS.map((sender) => untilThen(() => this.#append(store, sender))),
      ...RECEIVERS.map((receiver) => untilThen(() => this.#confirm(store, receiver))),
      untilThen(() => this.#expire(store)),
    ]);
  }

  async #append(store: MessageStore, sender: string): Promise<void> {
    const count = this.#random.int(1, MAX_TOGETHER);
    const messages = Array.from({ length: count }, () => this.#newMessage(sender));
    const results = await store.append(messages);
    const at = nowNanoseconds();
    for (const [index, result] of results.entries()) {
      const message = messages[index];
      if (message === undefined || result.outcome === 'full') continue;
      this.given.push({ ...nameOf(message), what: 'stored', at });
    }
    await pause(this.#random.int(0, 5));
  }

  /** Confirms most of the waiting messages, so that queues stay short and some messages get old. */
  async #confirm(store: MessageStore, receiver: string): Promise<void> {
    const { entries } = await store.take(receiver, 0, 400);
    const received = entries.filter(() => this.#random.chance(0.9));
    const positions = received.map(({ position }) => position);
    await this.#remove(received, () => store.confirm([{ userId: receiver, positions }]));
    await pause(this.#random.int(5, 30));
  }

  /** Expires the oldest messages, and discards some of the dead letters. */
  async #expire(store: MessageStore): Promise<void> {
    await store.expire(Date.now(), 200);
    const deadLetters = await store.deadLetters(0, 200);
    const discarded = deadLetters.filter(() => this.#random.chance(0.3));
    const ids = discarded.map(({ id }) => id);
    await this.#remove(discarded, () => store.discard(ids));
    await pause(this.#random.int(20, 60));
  }

  async #remove(messages: readonly StoredMessage[], call: () => Promise<unknown>): Promise<void> {
    const leavingAt = nowNanoseconds();
    for (const message of messages) this.given.push({ ...nameOf(message), what: 'leaving', at: leavingAt });
    await call();
    const removedAt = nowNanoseconds();
    for (const message of messages) this.given.push({ ...nameOf(message), what: 'removed', at: removedAt });
  }

  #newMessage(from: string): StoredMessage {
    const to = RECEIVERS[this.#random.int(0, RECEIVERS.length - 1)] ?? '';
    const pair = `${from}>${to}`;
    const number = this.#numbers.get(pair) ?? this.#first;
    this.#numbers.set(pair, number + 1);
    return { to, from, fingerprint: `${number}`, body: bodyOf({ pair, number }), acceptedAt: Date.now() };
  }
}

/** The name of a message with the bytes of this workload; `undefined` for other bytes. */
export function nameOfStored(message: StoredMessage): MessageName | undefined {
  const name = nameOf(message);
  return message.body === bodyOf(name) ? name : undefined;
}

function nameOf({ from, to, fingerprint }: StoredMessage): MessageName {
  return { pair: `${from}>${to}`, number: Number(fingerprint) };
}

/** The unique bytes of a message. */
function bodyOf({ pair, number }: MessageName): string {
  return `${pair}/${number};`.repeat(1 + (number % MAX_REPEATS));
}
