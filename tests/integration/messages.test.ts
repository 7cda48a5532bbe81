import { describe, expect, it } from 'vitest';
import { Scene, TRANSPORTS } from './scene.js';

const scene = Scene.set();

const TEXTS = {
  Chinese: '你好，世界 — 即时通讯',
  emoji: 'emoji 😀👩‍👩‍👧‍👦🇨🇳 and astral 𠜎',
  quotes: 'quotes " \' ` and {"json":"inside"} \\ backslash',
  newlines: 'line\nnext\r\nlast\ttab\u2028\u2029',
  markup: '<a href="x">&amp;</a>',
  empty: '',
};
/** Texts that nearly fill a packet of each transport. */
const LONG = {
  tcp: '长文0123456789'.repeat(320),
  udp: 'x'.repeat(700),
  websocket: '长文0123456789'.repeat(320),
};

describe.each(TRANSPORTS)('between two users on %s', (transport) => {
  it.each(Object.entries({ ...TEXTS, long: LONG[transport] }))(
    'a text arrives as it was sent: %s',
    async (_what, text) => {
      const [alice, bob] = [await scene.user('alice', transport), await scene.user('bob', transport)];
      await alice.client.send({ to: bob.userId, content: text, type: 7 });
      await bob.client.send({ to: alice.userId, content: text, type: -5 });
      expect(await bob.message(text)).toMatchObject({ from: alice.userId, to: bob.userId, type: 7 });
      expect(await alice.message(text)).toMatchObject({ from: bob.userId, to: alice.userId, type: -5 });
    },
  );
});

const directions = TRANSPORTS.flatMap((from) =>
  TRANSPORTS.filter((to) => to !== from).map((to) => ({ from, to })),
);

describe.each(directions)('from $from to $to', ({ from, to }) => {
  it('a message arrives once and its receipt has its fingerprint', async () => {
    const [alice, bob] = [await scene.user('alice', from), await scene.user('bob', to)];
    const fingerprint = `fp-${alice.userId}`;
    const receipt = await alice.client.send({ to: bob.userId, content: '跨传输 😀', fingerprint });
    expect(receipt).toMatchObject({ fingerprint, attempts: 1 });
    expect(await bob.message('跨传输 😀')).toMatchObject({ from: alice.userId, fingerprint });
    expect(bob.messages).toHaveLength(1);
    await scene.harness.event('c2c-before', { fp: fingerprint });
    await scene.harness.event('c2c', {
      from: alice.userId,
      to: bob.userId,
      text: '跨传输 😀',
      fp: fingerprint,
      qos: true,
    });
    await scene.harness.event('received', { fp: fingerprint });
  });
});

describe.each(TRANSPORTS)('on %s', (transport) => {
  it('a message to the server is passed to its application and acknowledged', async () => {
    const alice = await scene.user('alice', transport);
    const receipt = await alice.client.send({ to: '0', content: '给服务器 "hello"', type: 7 });
    const expected = {
      from: alice.userId,
      to: '0',
      text: '给服务器 "hello"',
      fp: receipt.fingerprint,
      qos: true,
      typeu: 7,
    };
    await scene.harness.event('c2s-before', { ...expected, session: alice.userId, via: transport });
    await scene.harness.event('c2s', { ...expected, session: alice.userId, via: transport });
    expect(scene.harness.count('c2s', { from: alice.userId })).toBe(1);
  });

  it('a message from the server arrives and is acknowledged', async () => {
    const bob = await scene.user('bob', transport);
    const fp = `s2c-${bob.userId}`;
    scene.harness.command({ cmd: 's2c', to: bob.userId, text: '系统通知 <&>', qos: true, typeu: 9, fp });
    await scene.harness.event('s2c-sent', { to: bob.userId, fp, ok: true });
    expect(await bob.message('系统通知 <&>')).toMatchObject({ from: '0', type: 9, fingerprint: fp });
    await scene.harness.event('received', { fp });
  });

  it('a message without QoS arrives and is not acknowledged', async () => {
    const [alice, bob] = [await scene.user('alice', transport), await scene.user('bob', transport)];
    const receipt = await alice.client.send({
      to: bob.userId,
      content: 'hurry',
      qos: false,
      fingerprint: `nq-${bob.userId}`,
    });
    expect(receipt.acknowledgedAt).toBeUndefined();
    await bob.message('hurry');
    await scene.harness.event('c2c', { to: bob.userId, text: 'hurry', qos: false });
    // After a later message is acknowledged, an acknowledgement would have arrived.
    await alice.client.send({ to: bob.userId, content: 'later' });
    expect(scene.harness.count('received', { fp: `nq-${bob.userId}` })).toBe(0);
  });

  it('a message to an offline user is acknowledged when the application takes it', async () => {
    const alice = await scene.user('alice', transport);
    const to = scene.name('off-bob');
    const { fingerprint } = await alice.client.send({ to, content: '留言 for later', type: 4 });
    await scene.harness.event('stored', {
      from: alice.userId,
      to,
      text: '留言 for later',
      fp: fingerprint,
      typeu: 4,
    });
  });

  it('a message to an offline user is not acknowledged when the application does not take it', async () => {
    const alice = await scene.user('alice', transport, { retry: { waitMs: 300, retries: 2 } });
    const to = scene.name('nobody');
    await expect(alice.client.send({ to, content: 'is anybody there?' })).rejects.toMatchObject({
      code: 'ERR_NOT_ACKNOWLEDGED',
    });
    const matches = ({ ev, from }: { ev: string; from?: unknown }) =>
      ev === 'unhandled' && from === alice.userId;
    await scene.harness.events.count(matches, 3, 'unhandled event');
    expect(scene.harness.count('unhandled', { from: alice.userId, to })).toBe(3);
  });

  it('a duplicate is acknowledged again, but not passed on', async () => {
    const [raw, bob] = [await scene.raw(transport), await scene.user('bob', transport)];
    const userId = scene.name('raw');
    await raw.login(userId);
    const packet = {
      type: 2,
      dataContent: 'once',
      from: userId,
      to: bob.userId,
      fp: `dup-${userId}`,
      QoS: true,
      typeu: -1,
      sm: -1,
    };
    raw.send(packet);
    await raw.packet(4);
    raw.send(packet);
    await raw.received.count((seen) => seen !== 'closed' && seen.type === 4, 2, 'acknowledgement');
    expect(bob.messages).toHaveLength(1);
    await scene.harness.event('c2c', { fp: `dup-${userId}` });
    expect(scene.harness.count('c2c-before', { fp: `dup-${userId}` })).toBe(1);
  });
});
