import type { LogPage, MessageStore, Position, StoredMessage } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../seeded-random.js';
import { ALL, device, message, NOON, namesOf, type Section, sweep } from './fixture.js';
import { type ModelMessage, StoreModel } from './store-model.js';

const USERS = ['alice', 'bob', 'carol'];
const DEVICES = ['', 'web', 'phone'];
const LIMITS = { maxPerUser: 8, maxLogEntries: 10 };
const MAX_BATCH = 4;
const STEPS = 100;

function toStored({ name, from, to }: ModelMessage, echo: boolean): StoredMessage {
  return message(to, `${name}`, { from, ...(echo ? { echo } : {}) });
}

/** One store and its model, which random calls must not drive apart. */
class RandomRun {
  readonly #store: MessageStore;
  readonly #random: SeededRandom;
  readonly #model = new StoreModel(USERS, LIMITS);
  /** The calls so far, for the message of a failure. */
  readonly #calls: string[] = [];

  constructor(store: MessageStore, seed: number) {
    this.#store = store;
    this.#random = new SeededRandom(seed);
  }

  async step(): Promise<void> {
    const userId = this.#random.pick(USERS);
    const steps = [this.#append, this.#append, this.#again, this.#confirm, this.#advance, this.#put];
    const step = this.#random.chance(0.85)
      ? this.#random.pick(steps)
      : this.#random.pick([this.#remove, this.#end]);
    await step.call(this, userId);
    await this.#sweep();
    for (const each of USERS) await this.#compare(each);
    await this.#compareDeadLetters();
  }

  async #append(from: string): Promise<void> {
    // A store may give what displaces another message a later position than the rest of its call.
    const isRoomy = USERS.every((each) => this.#waitingFor(each) + MAX_BATCH <= LIMITS.maxPerUser);
    const drafts = Array.from({ length: this.#random.int(1, isRoomy ? MAX_BATCH : 1) }, () => {
      return { from, to: this.#random.pick(USERS), echo: this.#random.chance(0.5) };
    });
    const start = this.#model.messages.length;
    const expected = drafts.map(({ to, echo }) => this.#model.append(from, to, echo));
    const stored = drafts.map(({ echo }, index) => toStored(this.#message(start + index), echo));
    this.#log('append', stored);
    const results = await this.#store.append(stored);
    this.#expect(results).toMatchObject(expected.map((result) => ({ ...result, outcome: 'stored' })));
  }

  async #again(): Promise<void> {
    if (this.#model.messages.length === 0) return;
    const known = this.#random.pick(this.#model.messages);
    this.#log('append again', known.name);
    const [result] = await this.#store.append([toStored(known, this.#random.chance(0.5))]);
    this.#expect(result).toEqual({
      outcome: 'duplicate',
      id: expect.any(Number),
      ...this.#model.duplicate(known),
    });
  }

  async #confirm(userId: string): Promise<void> {
    const { last } = this.#model.log(userId);
    const drawn = Array.from({ length: this.#random.int(1, 4) }, () => this.#position(userId));
    // Whether unknown positions alone make the v6 device exist is left open.
    const positions = drawn.filter((position) => position >= 1 && position <= last);
    if (positions.length === 0) return;
    for (const position of positions) this.#model.confirm(userId, position);
    this.#log('confirm', userId, positions);
    await this.#store.confirm([{ userId, positions }]);
  }

  async #advance(userId: string): Promise<void> {
    const deviceId = this.#random.pick(['web', 'phone']);
    const position = this.#position(userId);
    this.#model.log(userId).advance(deviceId, position);
    this.#log('advance', userId, deviceId, position);
    await this.#store.advance([{ userId, deviceId, position }]);
  }

  async #put(userId: string): Promise<void> {
    const put = device(this.#random.pick(DEVICES), {
      position: this.#random.chance(0.5) ? 0 : this.#position(userId),
    });
    this.#model.log(userId).put(put.id, put.position);
    this.#log('putDevice', userId, put.id, put.position);
    await this.#store.putDevice(userId, put);
  }

  async #remove(userId: string): Promise<void> {
    const id = this.#random.pick(DEVICES);
    const wasThere = this.#model.log(userId).devices.delete(id);
    this.#log('removeDevice', userId, id);
    this.#expect(await this.#store.removeDevice(userId, id)).toBe(wasThere);
  }

  /** Resends or discards a dead letter. */
  async #end(): Promise<void> {
    const deadLetters = await this.#store.deadLetters(0, ALL);
    if (deadLetters.length === 0) return;
    const { id, fingerprint } = this.#random.pick(deadLetters);
    const isResent = this.#random.chance(0.5);
    this.#log(isResent ? 'resend' : 'discard', fingerprint);
    if (isResent) {
      const hasRoom = this.#model.resend(this.#message(Number(fingerprint)));
      this.#expect(await this.#store.resend([id], NOON)).toBe(hasRoom ? 1 : 0);
    } else {
      this.#model.discard(this.#message(Number(fingerprint)));
      this.#expect(await this.#store.discard([id])).toBe(1);
    }
  }

  /** What may be removed is removed now, so that it does not matter when a store does it. */
  async #sweep(): Promise<void> {
    const expected = USERS.map((userId) => this.#model.log(userId).sweep(LIMITS.maxLogEntries));
    const { trimmed } = await sweep(this.#store, NOON);
    const entries = USERS.map((userId) => {
      return trimmed.filter((each) => each.userId === userId).reduce((sum, each) => sum + each.entries, 0);
    });
    this.#expect(entries).toEqual(expected);
  }

  async #compare(userId: string): Promise<void> {
    const log = this.#model.log(userId);
    const inPage = ({ entries, ...ends }: LogPage) => {
      return { ...ends, entries: entries.map(({ position, fingerprint }) => `${position}: ${fingerprint}`) };
    };
    const pageOf = (entries: typeof log.entries) => {
      const texts = entries.map(({ position, message: { name } }) => `${position}: ${name}`);
      const hasNamedDevice = [...log.devices.keys()].some((id) => id !== '');
      return { removed: log.removed, last: log.last, entries: texts, hasNamedDevice };
    };
    const after = this.#position(userId);
    const behind = log.entries.filter(({ position }) => position > after);
    this.#expect(inPage(await this.#store.read(userId, 0, ALL))).toEqual(pageOf(log.entries));
    this.#expect(inPage(await this.#store.read(userId, after, 2))).toEqual(pageOf(behind.slice(0, 2)));
    this.#expect(inPage(await this.#store.take(userId, 0, ALL))).toEqual(pageOf([...log.forV6()]));
    this.#expect(await this.#store.count(userId)).toMatchObject({ messages: this.#waitingFor(userId) });
    const named = (await this.#store.devices(userId)).map(({ id, position }) => [
      id,
      id === '' ? 0 : position,
    ]);
    const expected = [...log.devices].map(([id, position]) => [id, id === '' ? 0 : position]);
    this.#expect(named).toEqual(expected.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)));
    const other = this.#random.pick(USERS);
    const kept = namesOf(await this.#store.history({ a: userId, b: other, limit: ALL }));
    this.#expect(kept.map(Number)).toEqual(this.#model.history(userId, other));
  }

  async #compareDeadLetters(): Promise<void> {
    const names = namesOf(await this.#store.deadLetters(0, ALL)).map(Number);
    this.#expect(names).toEqual(this.#model.dead.map(({ message: { name } }) => name));
    const waiting = USERS.reduce((sum, userId) => sum + this.#waitingFor(userId), 0);
    this.#expect(await this.#store.health()).toMatchObject({ waiting, deadLetters: names.length });
  }

  #waitingFor(userId: string): number {
    return this.#model.log(userId).waiting().length;
  }

  #message(name: number): ModelMessage {
    const found = this.#model.messages[name];
    if (found === undefined) throw new Error(`the model has no message ${name}`);
    return found;
  }

  /** A position in a log, or just outside of it: more often near the end. */
  #position(userId: string): Position {
    const { last } = this.#model.log(userId);
    return this.#random.chance(0.7)
      ? this.#random.int(Math.max(0, last - 8), last + 1)
      : this.#random.int(0, last);
  }

  #log(...call: readonly unknown[]): void {
    this.#calls.push(JSON.stringify(call));
  }

  #expect(value: unknown) {
    return expect(value, `after ${this.#calls.slice(-8).join('\n')}\n`);
  }
}

export const randomized: Section = (open) => {
  it.each([1, 2, 3])('does what the model does, at random (seed %i)', async (seed) => {
    const store = await open({ ...LIMITS, whenFull: 'drop-oldest', historyMs: 1e9 });
    const run = new RandomRun(store, seed);
    for (let step = 0; step < STEPS; step += 1) await run.step();
  });
};
