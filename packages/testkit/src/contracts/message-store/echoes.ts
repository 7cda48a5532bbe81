import { expect, it } from 'vitest';
import {
  confirm,
  device,
  logOf,
  message,
  NOON,
  requireId,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

const ECHO = { echo: true } as const;

/** A message of Alice, of whom another device must learn. */
export const echoes: Section = (open) => {
  it('appends an entry to the log of the sender if it is asked for', async () => {
    const store = await open();
    await store.putDevice('alice', device('web'));
    const results = await store.append([
      message('alice', '0', { from: 'carol' }),
      message('bob', '1', ECHO),
      message('bob', '2'),
      message('carol', '3', ECHO),
    ]);
    expect(results).toEqual([
      { outcome: 'stored', id: requireId(results[0]), position: 1 },
      { outcome: 'stored', id: requireId(results[1]), position: 1, echo: 2 },
      { outcome: 'stored', id: requireId(results[2]), position: 2 },
      { outcome: 'stored', id: requireId(results[3]), position: 1, echo: 3 },
    ]);
    expect(await store.read('alice', 0, 10)).toEqual({
      entries: [
        {
          ...message('alice', '0', { from: 'carol' }),
          id: requireId(results[0]),
          position: 1,
          kind: 'message',
        },
        { ...message('bob', '1'), id: requireId(results[1]), position: 2, kind: 'echo' },
        { ...message('carol', '3'), id: requireId(results[3]), position: 3, kind: 'echo' },
      ],
      removed: 0,
      last: 3,
      hasNamedDevice: true,
    });
    expect(await logOf(store, 'bob')).toEqual(['1', '2']);
  });

  it('gives the v6 device no echoes, in full pages', async () => {
    const store = await open();
    await store.putDevice('alice', device('web'));
    const toAlice = (name: string) => message('alice', name, { from: 'bob' });
    await store.append([
      message('bob', '1', ECHO),
      toAlice('2'),
      message('bob', '3', ECHO),
      message('bob', '4', ECHO),
      toAlice('5'),
      message('bob', '6', ECHO),
    ]);
    expect(await store.take('alice', 0, 2)).toMatchObject({
      entries: [
        { fingerprint: '2', position: 2 },
        { fingerprint: '5', position: 5 },
      ],
      last: 6,
    });
    expect(await store.take('alice', 2, 1)).toMatchObject({ entries: [{ fingerprint: '5' }] });
    expect((await store.take('alice', 5, 10)).entries).toEqual([]);
  });

  it('counts no echo as waiting, not for the limits either', async () => {
    const store = await open({ maxPerUser: 1, maxBytesPerUser: 20 });
    await store.putDevice('alice', device('web'));
    const echoed = ['bob', 'carol', 'dave'].map((to) => message(to, to, ECHO));
    expect(await store.append(echoed)).toMatchObject([{ echo: 1 }, { echo: 2 }, { echo: 3 }]);
    expect(await store.count('alice')).toEqual({ messages: 0, bytes: 0 });
    expect(await store.health()).toMatchObject({ waiting: 3 });
    expect(await store.append([message('alice', '1', { from: 'bob' })])).toMatchObject([
      { outcome: 'stored', position: 4 },
    ]);
  });

  it('appends no echo of a message that is not stored', async () => {
    const store = await open({ maxPerUser: 1 });
    await store.putDevice('alice', device('web'));
    await store.append([message('bob', '1', ECHO)]);
    expect(await store.append([message('bob', '2', ECHO), message('carol', '3', ECHO)])).toMatchObject([
      { outcome: 'full', limit: 'maxPerUser' },
      { outcome: 'stored', echo: 2 },
    ]);
    expect(await logOf(store, 'alice')).toEqual(['1', '3']);
  });

  it('ignores `echo` for a message to oneself, and for the server', async () => {
    const store = await open();
    await store.putDevice('alice', device('web'));
    const results = await store.append([
      message('alice', 'note', ECHO),
      message('alice', 'news', { from: '0', ...ECHO }),
    ]);
    expect(results).toEqual([
      { outcome: 'stored', id: requireId(results[0]), position: 1 },
      { outcome: 'stored', id: requireId(results[1]), position: 2 },
    ]);
    expect(await store.read('alice', 0, 10)).toMatchObject({
      entries: [{ kind: 'message' }, { kind: 'message' }],
      last: 2,
    });
    expect(await store.read('0', 0, 10)).toMatchObject({ entries: [], removed: 0, last: 0 });
    expect(await waitingFor(store, 'alice')).toEqual(['note', 'news']);
  });

  it('reports the echo of a duplicate as long as it is in the log, and adds none later', async () => {
    const store = await open();
    await store.putDevice('alice', device('web'));
    const [first, second] = await store.append([message('bob', '1', ECHO), message('bob', '2')]);
    const again = () => store.append([message('bob', '1', ECHO), message('bob', '2', ECHO)]);
    expect(await again()).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: 1, echo: 1 },
      { outcome: 'duplicate', id: requireId(second), position: 2 },
    ]);
    expect(await store.append([message('bob', '1')])).toMatchObject([{ outcome: 'duplicate', echo: 1 }]);
    await confirm(store, 'bob', 1);
    expect(await again()).toMatchObject([{ position: undefined, echo: 1 }, { position: 2 }]);
    await store.advance([{ userId: 'alice', deviceId: 'web', position: 1 }]);
    await sweep(store, NOON);
    const [last] = await again();
    expect(last).toEqual({ outcome: 'duplicate', id: requireId(first), position: undefined });
    expect(await store.read('alice', 0, 10)).toMatchObject({ entries: [], removed: 1, last: 1 });
  });

  it('keeps an echo until every named device has taken it, whatever became of the message', async () => {
    const store = await open({ rememberMs: 0, deviceExpiryMs: Number.POSITIVE_INFINITY });
    await store.putDevice('alice', device('', { kind: '' }));
    await store.putDevice('alice', device('web'));
    await store.putDevice('alice', device('phone'));
    await store.append([message('bob', '1', ECHO)]);
    await confirm(store, 'bob', 1);
    await store.advance([{ userId: 'alice', deviceId: 'web', position: 1 }]);
    await sweep(store, NOON + 1000);
    expect((await store.read('alice', 0, 10)).entries).toMatchObject([message('bob', '1')]);
    expect(await store.append([message('bob', '1')])).toMatchObject([{ outcome: 'duplicate', echo: 1 }]);
    await store.advance([{ userId: 'alice', deviceId: 'phone', position: 1 }]);
    await sweep(store, NOON + 1000);
    expect(await store.read('alice', 0, 10)).toMatchObject({ entries: [], removed: 1, last: 1 });
    await sweep(store, NOON + 2000);
    expect(await store.append([message('bob', '1')])).toMatchObject([{ outcome: 'stored' }]);
  });

  it('keeps the message until the receiver has taken it, whatever became of the echo', async () => {
    const store = await open();
    await store.putDevice('alice', device('web'));
    await store.append([message('bob', '1', ECHO)]);
    await store.advance([{ userId: 'alice', deviceId: 'web', position: 1 }]);
    await sweep(store, NOON);
    expect((await store.take('bob', 0, 10)).entries).toMatchObject([message('bob', '1')]);
    expect(await store.append([message('bob', '1')])).toMatchObject([{ outcome: 'duplicate', position: 1 }]);
  });

  it('keeps no echo for a user without a named device', async () => {
    const store = await open();
    await store.putDevice('alice', device('', { kind: '' }));
    expect(await store.append([message('bob', '1', ECHO)])).toMatchObject([{ echo: 1 }]);
    await sweep(store, NOON);
    expect(await store.read('alice', 0, 10)).toMatchObject({ entries: [], removed: 1, last: 1 });
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
    const toAlice = await store.append([message('alice', '2', { from: 'bob' })]);
    expect(toAlice).toMatchObject([{ position: 2 }]);
  });

  it('keeps the echo of a message that has become a dead letter', async () => {
    const store = await open({ maxAgeMs: 1000 });
    await store.putDevice('alice', device('web'));
    const [first] = await store.append([message('bob', '1', ECHO)]);
    const { deadLetters } = await sweep(store, NOON + 2000);
    expect(deadLetters).toHaveLength(1);
    expect(await logOf(store, 'alice')).toEqual(['1']);
    expect(await store.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: undefined, echo: 1 },
    ]);
    await store.discard(deadLetters.map(({ id }) => id));
    expect((await store.read('alice', 0, 10)).entries).toMatchObject([message('bob', '1')]);
  });

  it('keeps a dead letter whose echo was taken', async () => {
    const store = await open({ maxAgeMs: 1000, rememberMs: 0 });
    await store.putDevice('alice', device('web'));
    await store.append([message('bob', '1', ECHO)]);
    const { deadLetters } = await sweep(store, NOON + 2000);
    await store.advance([{ userId: 'alice', deviceId: 'web', position: 1 }]);
    await sweep(store, NOON + 3000);
    expect(await store.append([message('bob', '1')])).toMatchObject([{ outcome: 'duplicate' }]);
    expect(await store.deadLetters(0, 10)).toEqual(deadLetters);
    const ids = deadLetters.map(({ id }) => id);
    expect(await store.resend(ids, NOON + 3000)).toBe(1);
    expect(await store.append([message('bob', '1')])).toMatchObject([{ outcome: 'duplicate', position: 2 }]);
    expect((await store.take('bob', 0, 10)).entries).toMatchObject([message('bob', '1')]);
  });

  it('expires no echoes', async () => {
    const store = await open({ maxAgeMs: 1000 });
    await store.putDevice('alice', device('web'));
    await store.append([message('bob', '1', ECHO)]);
    await confirm(store, 'bob', 1);
    expect((await sweep(store, NOON + 2000)).deadLetters).toEqual([]);
    expect(await logOf(store, 'alice')).toEqual(['1']);
  });
};
