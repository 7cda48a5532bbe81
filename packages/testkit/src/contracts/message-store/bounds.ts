import type { AppendResult, MessageStore } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  advanceBob,
  appendToBob,
  confirm,
  device,
  message,
  NOON,
  requirePosition,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

const FULL = { outcome: 'full', limit: 'maxPerUser' };
const TOO_MANY_BYTES = { outcome: 'full', limit: 'maxBytesPerUser' };
const STORE_FULL = { outcome: 'full', limit: 'maxTotalBytes' };

const MIB = 1024 * 1024;
/** As long as two pages of a database file, so that each store frees its bytes at once. */
const BODY = 'x'.repeat(16 * 1024);

/** Appends messages to ever new users until the store has no room. */
async function fill(store: MessageStore, prefix: string): Promise<readonly AppendResult[]> {
  const stored: AppendResult[] = [];
  for (let number = 0; number < 200; number += 1) {
    const [result] = await store.append([message(`${prefix}-${number}`, '1', { body: BODY })]);
    if (result?.outcome !== 'stored') {
      expect(result).toEqual(STORE_FULL);
      return stored;
    }
    stored.push(result);
  }
  throw new Error('the store has no limit');
}

export const bounds: Section = (open) => {
  it('limits the bytes of all users together, and stores more when there is room', async () => {
    const store = await open({ maxTotalBytes: MIB });
    const stored = await fill(store, 'user');
    expect(stored.length * BODY.length).toBeGreaterThan(MIB / 2);
    expect(stored.length * BODY.length).toBeLessThanOrEqual(MIB);
    expect(await store.append([message('user-0', '1', { body: BODY })])).toMatchObject([
      { outcome: 'duplicate' },
    ]);
    await confirm(store, 'user-0', 1);
    await confirm(store, 'user-1', 1);
    await sweep(store, NOON);
    expect(await store.append([message('carol', '1', { body: BODY })])).toMatchObject([
      { outcome: 'stored' },
    ]);
  });

  it('limits the bytes of all users within one call', async () => {
    const store = await open({ maxTotalBytes: MIB });
    const messages = Array.from({ length: 200 }, (_, number) =>
      message(`user-${number}`, '1', { body: BODY }),
    );
    const results = await store.append(messages);
    const count = results.filter(({ outcome }) => outcome === 'stored').length;
    expect(count * BODY.length).toBeGreaterThan(MIB / 2);
    expect(count * BODY.length).toBeLessThanOrEqual(MIB);
    expect(results.at(-1)).toEqual(STORE_FULL);
  });

  it('counts dead letters and displaces none for the bytes of all users', async () => {
    const store = await open({ maxTotalBytes: MIB, maxAgeMs: 1000, whenFull: 'drop-oldest' });
    const stored = await fill(store, 'user');
    const { deadLetters } = await store.expire(NOON + 2000, 1000);
    expect(deadLetters).toHaveLength(stored.length);
    expect(await fill(store, 'carol')).toHaveLength(0);
    await store.discard(deadLetters.map(({ id }) => id));
    expect((await fill(store, 'dave')).length).toBeGreaterThan(stored.length / 2);
  });

  it('counts the history', async () => {
    const store = await open({ maxTotalBytes: MIB, historyMs: 60_000 });
    const stored = await fill(store, 'user');
    await store.confirm(stored.map((_, number) => ({ userId: `user-${number}`, positions: [1] })));
    await sweep(store, NOON);
    expect(await fill(store, 'carol')).toHaveLength(0);
    await sweep(store, NOON + 60_001);
    expect((await fill(store, 'dave')).length).toBeGreaterThan(stored.length / 2);
  });

  it('counts the body of a message that is in two logs once', async () => {
    const store = await open({ maxTotalBytes: MIB });
    await store.putDevice('alice', device('web'));
    let count = 0;
    for (let outcome = 'stored'; outcome === 'stored' && count < 200; count += 1) {
      const [result] = await store.append([message(`user-${count}`, '1', { body: BODY, echo: true })]);
      outcome = result?.outcome ?? '';
    }
    expect(count * BODY.length).toBeGreaterThan(MIB / 2);
    expect(count * BODY.length).toBeLessThanOrEqual(MIB + BODY.length);
  });

  it('counts what one device has taken and another one has not', async () => {
    const store = await open({ maxTotalBytes: MIB });
    await store.putDevice('bob', device('web'));
    await store.putDevice('bob', device('phone'));
    let last = 0;
    for (let outcome = 'stored'; outcome === 'stored' && last < 200; ) {
      const [result] = await store.append([message('bob', `${last}`, { body: BODY })]);
      outcome = result?.outcome ?? '';
      if (outcome === 'stored') last += 1;
      await advanceBob(store, 'web', last);
    }
    expect(last * BODY.length).toBeGreaterThan(MIB / 2);
    expect(last * BODY.length).toBeLessThanOrEqual(MIB);
    await advanceBob(store, 'phone', last);
    await sweep(store, NOON);
    expect((await fill(store, 'dave')).length).toBeGreaterThan(last / 2);
  });

  it('counts the remembered keys of confirmed messages', async () => {
    const store = await open({ maxTotalBytes: MIB });
    let rounds = 0;
    for (let isFull = false; !isFull && rounds < 40; rounds += 1) {
      const fingerprints = Array.from(
        { length: 200 },
        (_, number) => `${rounds}-${number}-${'f'.repeat(200)}`,
      );
      const results = await store.append(fingerprints.map((fingerprint) => message('bob', fingerprint)));
      isFull = results.some(({ outcome }) => outcome === 'full');
      const positions = results.filter(({ outcome }) => outcome === 'stored').map(requirePosition);
      await store.confirm([{ userId: 'bob', positions }]);
      await sweep(store, NOON);
    }
    expect(rounds).toBeGreaterThan(2);
    expect(rounds).toBeLessThan(40);
  });

  it('stores messages that ignore the limits although the store is full', async () => {
    const store = await open({ maxTotalBytes: MIB });
    await fill(store, 'user');
    expect(await store.append([message('carol', '1', { body: BODY, ignoresLimits: true })])).toMatchObject([
      { outcome: 'stored' },
    ]);
  });

  it('reports a full queue, keeps its messages, and accepts more when there is room', async () => {
    const store = await open({ maxPerUser: 2 });
    const results = await store.append(['1', '2', '3'].map((name) => message('bob', name)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'full']);
    expect(results[2]).toEqual(FULL);
    expect(await waitingFor(store, 'bob')).toEqual(['1', '2']);
    await confirm(store, 'bob', 1);
    expect(await store.append([message('bob', '3'), message('bob', '4')])).toMatchObject([
      { outcome: 'stored' },
      FULL,
    ]);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '3']);
  });

  it('limits each user separately', async () => {
    const store = await open({ maxPerUser: 1 });
    const results = await store.append([message('bob', '1'), message('carol', '2'), message('bob', '3')]);
    expect(results).toMatchObject([{ outcome: 'stored' }, { outcome: 'stored' }, FULL]);
  });

  it('limits the bytes of a queue, and accepts what still fits', async () => {
    const store = await open({ maxBytesPerUser: 10 });
    const results = await store.append([
      message('bob', '1', { body: '12345678' }),
      message('bob', '2', { body: '123' }),
      message('bob', '3', { body: '12' }),
      message('carol', '4', { body: '1234567890' }),
    ]);
    expect(results).toMatchObject([
      { outcome: 'stored' },
      TOO_MANY_BYTES,
      { outcome: 'stored' },
      { outcome: 'stored' },
    ]);
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 10 });
  });

  it('frees the bytes of confirmed messages', async () => {
    const store = await open({ maxBytesPerUser: 10 });
    await store.append([message('bob', '1', { body: '1234567890' })]);
    await confirm(store, 'bob', 1);
    expect(await store.append([message('bob', '2', { body: '1234567890' })])).toMatchObject([
      { outcome: 'stored' },
    ]);
  });

  it('recognizes a duplicate when the queue is full', async () => {
    const store = await open({ maxPerUser: 1 });
    const [first] = await store.append([message('bob', '1')]);
    expect(await store.append([message('bob', '1')])).toEqual([{ ...first, outcome: 'duplicate' }]);
  });

  it('does not remember a message that it had no room for', async () => {
    const store = await open({ maxPerUser: 1 });
    await appendToBob(store, '1');
    await store.append([message('bob', '2')]);
    expect(await store.append([message('bob', '2')])).toEqual([FULL]);
    await confirm(store, 'bob', 1);
    expect(await store.append([message('bob', '2')])).toMatchObject([{ outcome: 'stored' }]);
  });
};
