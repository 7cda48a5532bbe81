import { memoryStore } from '@imcore/server';
import type { MessageStore } from '@imcore/server/ports';
import { describe, expect, it } from 'vitest';
import { type TestDevice, World } from '../log/world.js';
import { changed, opened, say, shown, texts, type ViewDevice, withView } from './view-world.js';

/** A world whose store survives a restart of the server, with another epoch, as after a restored backup. */
async function worldWithBackup(
  { historyMs = 86_400_000 } = {},
  history?: (
    query: Parameters<MessageStore['history']>[0],
    kept: MessageStore,
  ) => ReturnType<MessageStore['history']>,
): Promise<{ world: World; restore(): Promise<void> }> {
  let world: World | undefined;
  let epoch = 'first';
  const kept = memoryStore({ historyMs, wallTime: () => world?.clock.wallTime() ?? 0 });
  const store = changed(kept, {
    epoch: () => Promise.resolve(epoch),
    close: () => Promise.resolve(),
    ...(history !== undefined && { history: (query) => history(query, kept) }),
  });
  const opened = await World.open({ store });
  world = opened;
  const restore = (): Promise<void> => {
    epoch = 'second';
    return opened.restart(store);
  };
  return { world: opened, restore };
}

/** Lets messages of bob come while a device is away. Returns a function that brings it back. */
async function away(world: World, device: ViewDevice, bob: TestDevice, count: number): Promise<() => void> {
  device.link.partition();
  await world.run(60_000);
  await say(world, bob, 'alice', ...texts(count, 101));
  return () => device.link.heal();
}

describe('a gap', () => {
  it('is filled from the history', async () => {
    const { world, restore } = await worldWithBackup();
    const alice = await withView(world, 'alice', { pageSize: 10 });
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    await say(world, bob, 'alice', 'm1');
    const comeBack = await away(world, alice, bob, 25);
    await restore();
    comeBack();
    await world.run(60_000);
    expect(alice.events).toContainEqual({ gap: expect.objectContaining({ reason: 'hole' }) });
    expect(shown(chat.getSnapshot().items)).toEqual(['m1', ...texts(25, 101)]);
    expect(chat.getSnapshot().older).toBe('complete');
  });

  it('of more than may be kept leaves the newest messages, and says that there are older ones', async () => {
    const { world, restore } = await worldWithBackup();
    const alice = await withView(world, 'alice', { pageSize: 10, maxMessages: 50 });
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    await say(world, bob, 'alice', 'm1');
    const comeBack = await away(world, alice, bob, 90);
    await restore();
    comeBack();
    await world.run(60_000);
    expect(shown(chat.getSnapshot().items)).toEqual(texts(50, 141));
    expect(chat.getSnapshot().older).toBe('full');
  });

  it('drops the messages before it if it cannot be filled within the maximum', async () => {
    const { world, restore } = await worldWithBackup();
    const alice = await withView(world, 'alice', { pageSize: 10, maxMessages: 50 });
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    await say(world, bob, 'alice', ...texts(30));
    const comeBack = await away(world, alice, bob, 60);
    await restore();
    comeBack();
    await world.run(60_000);
    expect(shown(chat.getSnapshot().items)).toEqual(texts(20, 141));
    expect(chat.getSnapshot().older).toBe('more');
    void chat.loadOlder();
    await world.run(1000);
    expect(shown(chat.getSnapshot().items)).toEqual(texts(30, 131));
  });

  it('is shown while the history cannot be read, and filled after the next login', async () => {
    let fails = false;
    const { world, restore } = await worldWithBackup({}, (query, kept) =>
      fails ? Promise.reject(new Error('disk error')) : kept.history(query),
    );
    const alice = await withView(world, 'alice');
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    await say(world, bob, 'alice', 'm1');
    const comeBack = await away(world, alice, bob, 1);
    fails = true;
    await restore();
    comeBack();
    await world.run(60_000);
    expect(shown(chat.getSnapshot().items)).toEqual(['m1', '[hole missing]']);
    expect(chat.getSnapshot().older).toBe('failed');
    await say(world, bob, 'alice', 'm2');
    expect(shown(chat.getSnapshot().items)).toEqual(['m1', '[hole missing]', 'm2']);
    fails = false;
    alice.link.cut();
    await world.run(60_000);
    expect(shown(chat.getSnapshot().items)).toEqual(['m1', 'm101', 'm2']);
  });

  it('stays without a history, once for what is missing between two messages', async () => {
    const { world, restore } = await worldWithBackup({ historyMs: 0 });
    const alice = await withView(world, 'alice');
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    await say(world, bob, 'alice', 'm1');
    const comeBack = await away(world, alice, bob, 1);
    await restore();
    comeBack();
    await world.run(60_000);
    expect(shown(chat.getSnapshot().items)).toEqual(['m1', '[hole missing]']);
    expect(chat.getSnapshot().older).toBe('none');
  });
});
