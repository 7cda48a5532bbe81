import { type MessageStore, memoryStore, type Retention } from '@imcore/server';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { areQueuesRight } from '../src/queue-check.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { sqliteStoreTools } from '../src/sqlite-tools.js';
import { useFiles } from './temporary-folder.js';

const newFile = useFiles();
const RUNS = 8;
const CALLS = 100;
const USERS = ['alice', 'bob', 'carol'];
const DEVICES = ['', 'web', 'phone'];

/** A seeded source of numbers from 0 to 1. */
function randomOf(seed: number): () => number {
  let state = seed + 0x6d2b79f5;
  return () => {
    state = Math.imul(state ^ (state >>> 15), state | 1);
    state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
    return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What an application can see of a store, in one value. Ids differ: each store counts its own. */
async function stateOf(store: MessageStore): Promise<object> {
  const users: Record<string, object> = {};
  for (const userId of USERS) {
    const [read, take] = [await store.read(userId, 0, 1000), await store.take(userId, 0, 1000)];
    const places = (page: typeof read) =>
      page.entries.map(({ position, fingerprint, kind }) => `${position} ${fingerprint} ${kind}`);
    const conversations = await store.conversations({ userId, limit: 10 });
    users[userId] = {
      ...{ read: places(read), removed: read.removed, last: read.last, take: places(take) },
      count: await store.count(userId),
      devices: await store.devices(userId),
      conversations: conversations.map((each) => `${each.with} ${each.last.fingerprint} ${each.waiting}`),
      history: (await store.history({ a: userId, b: 'alice', limit: 1000 })).map((each) => each.fingerprint),
    };
  }
  const deadLetters = (await store.deadLetters(0, 1000)).map(({ to, fingerprint, cause }) => [
    to,
    fingerprint,
    cause,
  ]);
  const { waiting, waitingBytes } = await store.health();
  return { users, deadLetters: deadLetters.sort(), waiting, waitingBytes };
}

/** A call with random arguments, made of each store. Resolves with what it returns, without ids. */
function randomCall(
  random: () => number,
  now: number,
  last: number,
): (store: MessageStore) => Promise<unknown> {
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(things: readonly T[]): T => things[below(things.length)] as T;
  const userId = one(USERS);
  const deviceId = one(DEVICES);
  const position = below(last + 2);
  const kind = random();
  if (kind < 0.45) {
    const messages = Array.from({ length: 1 + below(4) }, () => {
      const from = one([...USERS, '0']);
      const fingerprint = `${below(400)}`;
      const echo = random() < 0.5 ? { echo: true as const } : undefined;
      return { to: one(USERS), from, fingerprint, body: `body ${fingerprint}`, acceptedAt: now, ...echo };
    });
    return async (store) =>
      (await store.append(messages)).map((result) =>
        result.outcome === 'stored' ? [result.position, result.echo] : result.outcome,
      );
  }
  if (kind < 0.65) {
    const positions = Array.from({ length: 1 + below(5) }, () => below(last + 2));
    return (store) => store.confirm([{ userId, positions }]);
  }
  if (kind < 0.8) return (store) => store.advance([{ userId, deviceId: deviceId || 'web', position }]);
  if (kind < 0.9) {
    const device = { id: deviceId, kind: 'web', name: '', position, seenAt: now };
    return (store) => store.putDevice(userId, deviceId === '' ? { ...device, kind: '' } : device);
  }
  if (kind < 0.94) return (store) => store.removeDevice(userId, deviceId);
  const nth = below(5);
  return async (store) => {
    const ids = (await store.deadLetters(0, 1000, userId)).slice(nth, nth + 2).map(({ id }) => id);
    return kind < 0.97 ? store.resend(ids, now) : store.discard(ids);
  };
}

async function sweep(store: MessageStore, now: number): Promise<object> {
  const swept = await store.expire(now, 1000);
  const { removedDevices, trimmed } = swept;
  await store.expire(now, 1000);
  return { removedDevices: removedDevices.length, trimmed: trimmed.map(({ userId }) => userId).sort() };
}

describe('a sqliteStore', () => {
  it(`answers ${RUNS} times ${CALLS} random calls as the store in memory does`, async () => {
    for (let seed = 0; seed < RUNS; seed++) {
      const random = randomOf(seed);
      const clock = { now: 1_000_000 };
      const retention: Retention = {
        ...{ maxAgeMs: 60_000, rememberMs: 1e9, historyMs: seed % 2 === 0 ? 1e9 : 0, maxPerUser: 8 },
        ...{
          maxLogEntries: 20,
          deviceExpiryMs: 100_000,
          whenFull: seed % 3 === 0 ? 'drop-oldest' : 'reject-newest',
        },
      };
      const file = newFile();
      const wallTime = () => clock.now;
      const [memory, sqlite] = [
        memoryStore({ ...retention, wallTime }),
        sqliteStore({ file, ...retention, wallTime }),
      ];
      for (let call = 0; call < CALLS; call++) {
        const made = randomCall(random, clock.now, Math.floor(call / 2));
        const [expected, actual] = [await made(memory), await made(sqlite)];
        expect(actual, `seed ${seed}, call ${call}`).toEqual(expected);
        if (random() < 0.2) clock.now += Math.floor(random() * 20_000);
        // Stores may remove what is free at different times, and another device may come in between.
        expect(await sweep(sqlite, clock.now), `seed ${seed}, sweep ${call}`).toEqual(
          await sweep(memory, clock.now),
        );
        if (random() < 0.7) continue;
        expect(await stateOf(sqlite), `seed ${seed}, after call ${call}`).toEqual(await stateOf(memory));
      }
      const tools = sqliteStoreTools({ file });
      for (const { userId, messages } of await tools.queues(10))
        expect((await tools.waiting(userId, 0, 1000)).length).toBe(messages);
      await tools.close();
      await Promise.all([memory.close(), sqlite.close()]);
      const database = openDatabase(file);
      expect(areQueuesRight(database), `seed ${seed}`).toBe(true);
      database.close();
    }
  });
});
