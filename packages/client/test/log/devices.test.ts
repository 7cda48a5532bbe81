import { type MemoryOutbox, memoryOutbox } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { World } from './world.js';

describe('a client with an outbox', () => {
  it('has level 1 with a server that has a store', async () => {
    const world = await World.open();
    const alice = await world.online('alice');
    expect(alice.client.level).toBe(1);
    expect(alice.events).toEqual([{ level: { level: 1 } }]);
  });

  it('gets messages with their positions, and acknowledges them when they are handled', async () => {
    const world = await World.open();
    const alice = await world.online('alice');
    const bob = await world.online('bob');
    const sending = bob.client.send({ to: 'alice', content: 'hello', fingerprint: 'f' });
    await world.run(1000);
    expect(await sending).toMatchObject({ outcome: 'stored', messageId: 1, position: 1, attempts: 1 });
    expect(alice.messages).toMatchObject([
      { content: 'hello', id: 1, position: 1, conversation: 'bob', isOwn: false, fingerprint: 'f' },
    ]);
    expect(await world.position('alice')).toBe(1);
  });

  it('gets the own messages of its other devices', async () => {
    const world = await World.open();
    const phone = await world.online('alice');
    const laptop = await world.online('alice', { kind: 'websocket' });
    const bob = await world.online('bob', { disk: null });
    const sending = phone.client.send({ to: 'bob', content: 'hello' });
    await world.run(1000);
    expect(await sending).toMatchObject({ outcome: 'stored', position: 1 });
    expect(bob.messages).toMatchObject([{ content: 'hello' }]);
    expect(bob.messages[0]?.position).toBeUndefined();
    expect(phone.messages).toEqual([]);
    expect(laptop.messages).toMatchObject([
      { content: 'hello', from: 'alice', to: 'bob', conversation: 'bob', isOwn: true, position: 1 },
    ]);
  });

  it.each(['tcp', 'udp', 'websocket'] as const)('gets what it missed, in order, over %s', async (kind) => {
    const world = await World.open();
    const alice = await world.online('alice', { kind });
    const bob = await world.online('bob', { disk: null });
    await alice.client.logout();
    const sent = Array.from({ length: 100 }, (_, i) => `m${i}`);
    for (const content of sent) bob.client.send({ to: 'alice', content }).catch(() => {});
    await world.run(1000);
    await world.login(alice, 'alice');
    await world.run(2000);
    expect(alice.contents()).toEqual(sent);
    expect(await world.position('alice')).toBe(100);
    expect(alice.events).toEqual([{ level: { level: 1 } }]);
  });

  it.each(['auto', 'manual'] as const)('acknowledges with acknowledge: %s', async (acknowledge) => {
    const world = await World.open();
    const alice = await world.online('alice', { settings: { acknowledge } });
    const bob = await world.online('bob', { disk: null });
    for (const content of ['m0', 'm1']) void bob.client.send({ to: 'alice', content });
    await world.run(1000);
    expect(await world.position('alice')).toBe(acknowledge === 'auto' ? 2 : 0);
    for (const message of alice.messages) message.acknowledge();
    await world.run(1000);
    expect(await world.position('alice')).toBe(2);
  });

  it('acknowledges what `messages()` has read when the next one is asked for', async () => {
    const world = await World.open();
    const { client } = world.device({ hasListener: false });
    const login = client.login({ userId: 'alice' });
    await world.run(200);
    await login;
    const reader = client.messages();
    const bob = await world.online('bob', { disk: null });
    for (const content of ['m0', 'm1']) void bob.client.send({ to: 'alice', content });
    const first = reader.next();
    await world.run(1000);
    expect((await first).value).toMatchObject({ content: 'm0', position: 1 });
    expect(await world.position('alice')).toBe(0);
    void reader.next();
    await world.run(1000);
    expect(await world.position('alice')).toBe(1);
  });

  it('acknowledges all the same, and reports it, if the position cannot be stored', async () => {
    const world = await World.open();
    const disk = memoryOutbox();
    const failing: MemoryOutbox = {
      ...disk,
      openRecord: async (name) => {
        const record = await disk.openRecord?.(name);
        return record && { ...record, write: () => Promise.reject(new Error('disk full')) };
      },
    };
    const alice = await world.online('alice', { disk: failing });
    const bob = await world.online('bob', { disk: null });
    void bob.client.send({ to: 'alice', content: 'm0' });
    await world.run(1000);
    expect(await world.position('alice')).toBe(1);
    expect(alice.events).toContainEqual({ error: expect.objectContaining({ code: 'ERR_OUTBOX_FAILED' }) });
  });

  it('leaves its record to others if its outbox cannot be opened', async () => {
    const world = await World.open();
    const disk = memoryOutbox();
    const box = await disk.open('waiting:alice', () => {});
    const first = await world.online('alice', { disk });
    expect([first.client.state, first.client.level]).toEqual(['online', 'v6']);
    await Promise.all([first.client.close(), box.close()]);
    const second = await world.online('alice', { disk });
    expect(second.client.level).toBe(1);
  });

  it('has level v6, and reports it, if its record cannot be opened', async () => {
    const world = await World.open();
    const broken: MemoryOutbox = {
      ...memoryOutbox(),
      openRecord: () => Promise.reject(new Error('no room')),
    };
    const alice = await world.online('alice', { disk: broken });
    expect([alice.client.state, alice.client.level]).toEqual(['online', 'v6']);
    expect(alice.events).toEqual([{ error: expect.objectContaining({ code: 'ERR_OUTBOX_FAILED' }) }]);
  });

  it('emits a message again whose handling has failed, and acknowledges nothing behind it', async () => {
    const world = await World.open();
    const alice = world.device();
    let failures = 0;
    alice.client.on('message', ({ content }) => {
      if (content !== 'm1' || failures > 0) return;
      failures += 1;
      throw new Error('disk full');
    });
    await world.login(alice, 'alice');
    const bob = await world.online('bob', { disk: null });
    for (const content of ['m0', 'm1', 'm2']) void bob.client.send({ to: 'alice', content });
    await world.run(1000);
    expect(alice.contents()).toEqual(['m0', 'm1', 'm2']);
    expect(await world.position('alice')).toBe(1);
    await world.run(10_000);
    expect(alice.contents()).toEqual(['m0', 'm1', 'm2', 'm1']);
    expect(await world.position('alice')).toBe(3);
  });
});
