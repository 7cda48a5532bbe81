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
/** As much as fits into the packet of a transport. */
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
    const receipt = await alice.client.send({ to: bob.userId, content: '跨网关 😀', fingerprint });
    expect(receipt).toMatchObject({ fingerprint, attempts: 1 });
    expect(await bob.message('跨网关 😀')).toMatchObject({ from: alice.userId, fingerprint });
    expect(bob.messages).toHaveLength(1);
    await scene.harness.event('c2c-before', { fp: fingerprint });
    await scene.harness.event('c2c', {
      from: alice.userId,
      to: bob.userId,
      text: '跨网关 😀',
      fp: fingerprint,
      qos: true,
    });
    await scene.harness.event('received', { fp: fingerprint });
  });
});

describe.each(TRANSPORTS)('on %s', (transport) => {
  it('a message to the server is handed to its application and acknowledged', async () => {
    const alice = await scene.user('alice', transport);
    const receipt = await alice.client.send({ to: '0', content: '给服务器 "hello"', type: 7 });
    const told = {
      from: alice.userId,
      to: '0',
      text: '给服务器 "hello"',
      fp: receipt.fingerprint,
      qos: true,
      typeu: 7,
    };
    await scene.harness.event('c2s-before', { ...told, session: alice.userId, via: transport });
    await scene.harness.event('c2s', { ...told, session: alice.userId, via: transport });
    expect(scene.harness.count('c2s', { from: alice.userId })).toBe(1);
  });

  it('a message of the server arrives and is acknowledged', async () => {
    const bob = await scene.user('bob', transport);
    const fp = `s2c-${bob.userId}`;
    scene.harness.command({ cmd: 's2c', to: bob.userId, text: '系统通知 <&>', qos: true, typeu: 9, fp });
    await scene.harness.event('s2c-sent', { to: bob.userId, fp, ok: true });
    expect(await bob.message('系统通知 <&>')).toMatchObject({ from: '0', type: 9, fingerprint: fp });
    await scene.harness.event('received', { fp });
  });

  it('a message without QoS arrives and nobody acknowledges it', async () => {
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
    // An acknowledged message behind it shows that an acknowledgement would have come by now.
    await alice.client.send({ to: bob.userId, content: 'behind' });
    expect(scene.harness.count('received', { fp: `nq-${bob.userId}` })).toBe(0);
  });

  it('a message to a user who is away is acknowledged when the application takes it', async () => {
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

  it('a message to a user who is away is reported undelivered when nobody takes it', async () => {
    const alice = await scene.user('alice', transport, { retry: { waitMs: 300, retries: 2 } });
    const to = scene.name('nobody');
    await expect(alice.client.send({ to, content: 'is anybody there?' })).rejects.toMatchObject({
      code: 'ERR_NOT_ACKNOWLEDGED',
    });
    const isIt = ({ ev, from }: { ev: string; from?: unknown }) =>
      ev === 'unhandled' && from === alice.userId;
    await scene.harness.events.count(isIt, 3, 'unhandled event');
    expect(scene.harness.count('unhandled', { from: alice.userId, to })).toBe(3);
  });

  it('the same message sent again is handed on once and acknowledged again', async () => {
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
    await raw.sights.count((seen) => seen !== 'closed' && seen.type === 4, 2, 'acknowledgement');
    expect(bob.messages).toHaveLength(1);
    await scene.harness.event('c2c', { fp: `dup-${userId}` });
    expect(scene.harness.count('c2c-before', { fp: `dup-${userId}` })).toBe(1);
  });
});
