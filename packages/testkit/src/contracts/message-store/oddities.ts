import { expect, it } from 'vitest';
import { ODD_IDS } from '../odd-ids.js';
import { appendToBob, confirm, device, message, NOON, namesOf, type Section, waitingFor } from './fixture.js';

/** What JSON can hold and a text column perhaps cannot: lone surrogates and control characters. */
const BROKEN_IDS = [
  '\ud800',
  '\udc00',
  '\ufffd',
  'a\u0000b',
  'a\u0000c',
  'a',
  '\u0001',
  '\u000161',
  '\ufeff',
];

export const oddities: Section = (open) => {
  it('distinguishes ids that are not well-formed text', async () => {
    const store = await open({ historyMs: 1000 });
    const results = await store.append(BROKEN_IDS.map((id) => message(id, id, { from: id })));
    expect(results.map(({ outcome }) => outcome)).toEqual(BROKEN_IDS.map(() => 'stored'));
    for (const id of BROKEN_IDS) {
      const { entries } = await store.take(id, 0, 10);
      expect(entries).toMatchObject([{ to: id, from: id, fingerprint: id, position: 1 }]);
      expect(await store.history({ a: id, b: id, limit: 10 })).toMatchObject([
        { to: id, from: id, fingerprint: id },
      ]);
      expect(await store.conversations({ userId: id, limit: 10 })).toMatchObject([{ with: id, waiting: 1 }]);
    }
  });

  it('distinguishes unusual user ids and fingerprints', async () => {
    const store = await open();
    await store.append(ODD_IDS.map((id) => message(id, id, { from: id })));
    for (const id of ODD_IDS) {
      const { entries } = await store.take(id, 0, 10);
      expect(entries).toMatchObject([{ to: id, from: id, fingerprint: id, position: 1 }]);
      expect((await store.count(id)).messages).toBe(1);
    }
  });

  it('recognizes duplicates with unusual ids', async () => {
    const store = await open();
    const odd = ODD_IDS.map((id) => message(id, id, { from: id }));
    await store.append(odd);
    const again = await store.append(odd);
    expect(again.map(({ outcome }) => outcome)).toEqual(odd.map(() => 'duplicate'));
  });

  it('expires, lists and resends messages with unusual ids, and keeps them in the history', async () => {
    const store = await open({ maxAgeMs: 1000, historyMs: 1000 });
    await store.append(ODD_IDS.map((id) => message(id, id, { from: 'alice' })));
    await store.expire(NOON + 2000, 1000);
    for (const id of ODD_IDS) {
      const deadLetters = await store.deadLetters(0, 10, id);
      expect(namesOf(deadLetters)).toEqual([id]);
      await store.resend(
        deadLetters.map((deadLetter) => deadLetter.id),
        NOON + 2000,
      );
      expect(await waitingFor(store, id)).toEqual([id]);
      expect(namesOf(await store.history({ a: id, b: 'alice', limit: 10 }))).toEqual([id]);
    }
  });

  it('keeps devices with unusual ids, kinds and names of users with unusual ids', async () => {
    const store = await open();
    for (const id of [...ODD_IDS, ...BROKEN_IDS]) {
      const odd = device(id, { kind: id, name: id });
      expect(await store.putDevice(id, odd)).toEqual(odd);
      await store.append([message(id, '1'), message(id, '2')]);
      await store.advance([{ userId: id, deviceId: id, position: 1 }]);
      expect(await store.devices(id)).toEqual([{ ...odd, position: 1 }]);
      await confirm(store, id, 2);
      expect(await store.count(id)).toEqual({ messages: 0, bytes: 0 });
      expect(await store.removeDevice(id, id)).toBe(true);
    }
  });

  it('preserves every byte of a body', async () => {
    const store = await open();
    const body = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
    await store.append([message('bob', '1', { body }), message('bob', '2', { body: '' })]);
    expect((await store.take('bob', 0, 2)).entries.map((entry) => entry.body)).toEqual([body, '']);
    expect((await store.read('bob', 0, 2)).entries.map((entry) => entry.body)).toEqual([body, '']);
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 256 });
  });

  it('stores a body of 1 MiB', async () => {
    const store = await open();
    const body = '0123456789abcdef'.repeat(65_536);
    await store.append([message('bob', '1', { body })]);
    expect((await store.take('bob', 0, 1)).entries[0]?.body === body).toBe(true);
  });

  it('closes with waiting messages', async () => {
    const store = await open();
    await appendToBob(store, '1');
    await expect(store.close()).resolves.toBeUndefined();
  });
};
