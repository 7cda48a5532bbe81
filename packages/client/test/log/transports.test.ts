import { memoryStore } from '@imcore/server';
import { memoryOutbox, memoryTransport } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../src/index.js';
import { type TestDevice, World } from './world.js';

const numbered = (count: number, prefix = 'm') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Sends messages at intervals, and returns a promise of all outcomes. */
function sendAll(
  { client }: TestDevice,
  to: string,
  contents: readonly string[],
  everyMs: number,
  world: World,
) {
  return Promise.allSettled(
    contents.map(
      (content, i) =>
        new Promise((resolve, reject) => {
          world.clock.schedule(world.clock.now() + i * everyMs, () => {
            client.send({ to, content }).then(resolve, reject);
          });
        }),
    ),
  );
}

describe('a client on a lossy UDP link', () => {
  it.each([1, 2, 3, 4, 5])('gets every message once, in order, with seed %i', async (seed) => {
    const conditions = { latencyMs: [20, 80], loss: 0.2, duplication: 0.1 } as const;
    const world = await World.open({ seed });
    const alice = await world.online('alice', { kind: 'udp' });
    const bob = await world.online('bob', { kind: 'udp', settings: { retry: { retries: 8 } } });
    for (const { link } of [alice, bob]) link.setConditions(conditions);
    const sending = sendAll(bob, 'alice', numbered(60), 40, world);
    await world.run(180_000);
    expect((await sending).filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(alice.contents()).toEqual(numbered(60));
    expect(alice.messages.map(({ position }) => position)).toEqual(numbered(60).map((_, i) => i + 1));
    expect(alice.events.filter((event) => 'gap' in event || 'error' in event)).toEqual([]);
  });
});

describe('a device that changes its transport', () => {
  it('gets every message once, in order, while messages come', async () => {
    const world = await World.open();
    const disk = memoryOutbox();
    const bob = await world.online('bob', { disk: null });
    const sent = numbered(300);
    const sending = sendAll(bob, 'alice', sent, 10, world);
    const received: string[] = [];
    for (const kind of ['udp', 'tcp', 'websocket', 'udp', 'tcp'] as const) {
      const alice = world.device({ kind, disk });
      alice.client.on('message', ({ content }) => received.push(content));
      const login = alice.client.login({ userId: 'alice' });
      await world.run(800);
      await login;
      expect(alice.client.level).toBe(1);
      await alice.client.close();
    }
    const alice = await world.online('alice', { kind: 'websocket', disk });
    await world.run(5000);
    expect((await sending).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect([...received, ...alice.contents()]).toEqual(sent);
    expect(await world.server.devices.list('alice')).toHaveLength(1);
  });

  it('gets what it did not store a second time after a crash, and nothing else', async () => {
    const world = await World.open();
    const disk = memoryOutbox();
    const bob = await world.online('bob', { disk: null });
    const first = await world.online('alice', { disk });
    void sendAll(bob, 'alice', numbered(40), 0, world);
    await world.run(50);
    const stored = Number(
      disk
        .entries('device:alice')
        .find(({ key }) => key === 'position')
        ?.value.split(' ')[0],
    );
    disk.crash();
    expect(first.contents()).toEqual(numbered(40));
    expect(stored).toBeGreaterThan(0);
    const second = await world.online('alice', { disk, kind: 'websocket' });
    await world.run(2000);
    expect(second.contents()).toEqual(numbered(40).slice(stored));
  });

  it('sends what was in flight again, once for its receiver', async () => {
    const world = await World.open();
    const bob = await world.online('bob');
    const link = world.network.link('10.0.1.1');
    const kinds = ['tcp', 'websocket', 'tcp'] as const;
    const transports = kinds.map((kind) =>
      memoryTransport({ link, kind, port: kind === 'tcp' ? 8901 : 3000 }),
    );
    let connects = 0;
    const roaming: Transport = {
      kind: 'tcp',
      maxSendBytes: 6144,
      connect: (handler) => {
        connects += 1;
        return (transports[connects % 3] as Transport).connect(handler);
      },
    };
    const alice = await world.online('alice', { settings: { transport: roaming } as object });
    const sending = sendAll(alice, 'bob', numbered(100), 60, world);
    for (let i = 0; i < 4; i++) {
      await world.run(1500);
      link.cut();
    }
    await world.run(60_000);
    expect((await sending).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(connects).toBeGreaterThan(3);
    expect(bob.contents()).toEqual(numbered(100));
    expect(alice.messages).toEqual([]);
  });
});

describe('a conversation of two devices and a v6 client', () => {
  it('is the same everywhere', async () => {
    const world = await World.open({ conditions: { latencyMs: [1, 30] } });
    const phone = await world.online('alice', { kind: 'udp' });
    const laptop = await world.online('alice', { kind: 'websocket' });
    const bob = await world.online('bob', { disk: null });
    expect([phone, laptop, bob].map(({ client }) => client.level)).toEqual([1, 1, 'v6']);
    const own: string[] = [];
    const sending = Promise.all([
      sendAll(phone, 'bob', numbered(30, 'p'), 35, world),
      sendAll(laptop, 'bob', numbered(30, 'l'), 25, world),
      sendAll(bob, 'alice', numbered(30, 'b'), 20, world),
    ]);
    await world.run(20_000);
    const outcomes = (await sending).flat();
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(own).toEqual([]);

    const history = await pages(world, laptop);
    expect(history).toHaveLength(90);
    const idsOf = ({ messages }: TestDevice) => messages.map(({ id }) => id);
    const others = (sentBy: string) => history.filter(({ content }) => !content.startsWith(sentBy));
    expect(idsOf(phone)).toEqual(others('p').map(({ id }) => id));
    expect(idsOf(laptop)).toEqual(others('l').map(({ id }) => id));
    expect(bob.contents().sort()).toEqual([...numbered(30, 'p'), ...numbered(30, 'l')].sort());
    expect(phone.messages.filter(({ isOwn }) => isOwn).map(({ content }) => content)).toEqual(
      numbered(30, 'l'),
    );
  });
});

/** The whole history with bob, oldest first, in pages of seven. */
async function pages(world: World, { client }: TestDevice) {
  const all = [];
  let before: number | undefined;
  for (;;) {
    const asking = client.history({ conversation: 'bob', before, limit: 7 });
    await world.run(200);
    const { messages, hasMore } = await asking;
    all.push(...messages);
    if (!hasMore) return all.reverse();
    before = messages.at(-1)?.id;
  }
}

describe('a client and servers of both levels', () => {
  it('has level v6 with a server without a store, and sends and receives as ever', async () => {
    const world = await World.open({ store: null });
    const alice = await world.online('alice', { settings: { device: { kind: 'bot', name: 'test' } } });
    const bob = await world.online('bob');
    const sending = alice.client.send({ to: 'bob', content: 'hello' });
    await world.run(100);
    expect(alice.client.level).toBe('v6');
    expect(alice.events.filter((event) => 'level' in event)).toEqual([]);
    const receipt = await sending;
    expect(receipt).toMatchObject({ outcome: 'received', attempts: 1 });
    expect(receipt.position).toBeUndefined();
    expect(bob.messages).toMatchObject([{ content: 'hello' }]);
    const asking = alice.client.devices();
    await expect(asking).rejects.toMatchObject({ code: 'ERR_NOT_NEGOTIATED' });
  });

  it('changes its level with the server', async () => {
    const world = await World.open({ store: null });
    const alice = await world.online('alice');
    await world.restart(memoryStore({ wallTime: () => world.clock.wallTime() }));
    await world.run(10_000);
    expect(alice.client.level).toBe(1);
    await world.restart(undefined);
    await world.run(10_000);
    expect(alice.client.level).toBe('v6');
    expect(alice.events).toEqual([{ level: { level: 1 } }, { level: { level: 'v6' } }]);
  });

  it('gets a gap when the store is another one', async () => {
    const world = await World.open();
    const alice = await world.online('alice');
    const bob = await world.online('bob', { disk: null });
    await sendWhile(world, bob, ['old']);
    await alice.client.logout();
    await world.restart(memoryStore({ wallTime: () => world.clock.wallTime() }));
    await world.run(5000);
    await sendWhile(world, bob, ['lost 1', 'lost 2']);
    await world.login(alice, 'alice');
    await sendWhile(world, bob, ['new']);
    expect(alice.contents()).toEqual(['old', 'new']);
    expect(alice.events).toContainEqual({ gap: { from: 1, to: 2, reason: 'hole' } });
  });
});

async function sendWhile(world: World, device: TestDevice, contents: readonly string[]): Promise<void> {
  const sending = sendAll(device, 'alice', contents, 1, world);
  await world.run(1000);
  expect((await sending).map(({ status }) => status)).toEqual(contents.map(() => 'fulfilled'));
}

describe('requests', () => {
  it('read conversations and devices, and remove a device', async () => {
    const world = await World.open();
    const laptop = await world.online('alice', { settings: { device: { kind: 'desktop', name: 'Laptop' } } });
    const phone = await world.online('alice', { settings: { device: { kind: 'ios', name: 'Phone' } } });
    const bob = await world.online('bob', { disk: null });
    await sendWhile(world, bob, ['hello', 'again']);
    const ask = async <Result>(asking: Promise<Result>): Promise<Result> => {
      asking.catch(() => {});
      await world.run(200);
      return asking;
    };

    expect(await ask(laptop.client.conversations())).toMatchObject({
      conversations: [{ conversation: 'bob', last: { content: 'again', isOwn: false }, waiting: 0 }],
      hasMore: false,
    });
    const devices = await ask(laptop.client.devices());
    expect(devices.map(({ kind, name, isOnline, isOwn }) => [kind, name, isOnline, isOwn])).toEqual(
      expect.arrayContaining([
        ['desktop', 'Laptop', true, true],
        ['ios', 'Phone', true, false],
      ]),
    );
    const id = devices.find(({ name }) => name === 'Phone')?.id ?? '';
    expect(await ask(laptop.client.removeDevice(id))).toBe(true);
    expect(await ask(laptop.client.removeDevice(id))).toBe(false);
    expect(phone.client.state).toBe('idle');
    expect(phone.events).toContainEqual({ kicked: { code: 2, reason: undefined } });
  });

  it('for the history need a stream', async () => {
    const world = await World.open();
    const alice = await world.online('alice', { kind: 'udp' });
    const asking = alice.client.history({ conversation: 'bob' });
    asking.catch(() => {});
    await world.run(200);
    await expect(asking).rejects.toMatchObject({ name: 'RequestError', code: 'ERR_USE_A_STREAM' });
  });
});
