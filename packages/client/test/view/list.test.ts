import { memoryStore } from '@imcore/server';
import { describe, expect, it } from 'vitest';
import type { ConversationView } from '../../src/view/index.js';
import { World } from '../log/world.js';
import { opened, say, shown, texts, withView } from './view-world.js';

function listed({ conversations }: ConversationView): string[] {
  return conversations
    .getSnapshot()
    .conversations.map(({ conversation, last, unread }) => `${conversation}: ${last.content}, ${unread}`);
}

describe('the list of conversations', () => {
  it('has those of the server by pages, the newest first, and no unread ones', async () => {
    const world = await World.open();
    const phone = await world.online('alice');
    for (const other of ['bob', 'carol', 'dave']) {
      await say(world, await world.online(other), 'alice', `from ${other}`);
    }
    await world.run(1000);
    await world.run(1000);
    await phone.client.close();
    const alice = await withView(world, 'alice', { pageSize: 2, device: { disk: phone.disk } });
    await world.run(1000);
    expect(listed(alice.view)).toEqual(['dave: from dave, 0', 'carol: from carol, 0']);
    expect(alice.view.conversations.getSnapshot().older).toBe('more');
    const loading = alice.view.conversations.loadMore();
    await world.run(1000);
    await loading;
    expect(listed(alice.view)).toEqual(['dave: from dave, 0', 'carol: from carol, 0', 'bob: from bob, 0']);
    expect(alice.view.conversations.getSnapshot().older).toBe('complete');
  });

  it('counts what arrives until it is read or answered from any device', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const phone = await world.online('alice');
    const bob = await world.online('bob');
    await say(world, bob, 'alice', 'm1', 'm2');
    expect(listed(alice.view)).toEqual(['bob: m2, 2']);
    const chat = await opened(world, alice, 'bob');
    expect(chat.getSnapshot().unread).toBe(2);
    chat.markRead();
    expect([listed(alice.view), chat.getSnapshot().unread]).toEqual([['bob: m2, 0'], 0]);
    await say(world, bob, 'alice', 'm3');
    expect(listed(alice.view)).toEqual(['bob: m3, 1']);
    await say(world, phone, 'bob', 'answer');
    expect(listed(alice.view)).toEqual(['bob: answer, 0']);
  });

  it('does not count a message twice that comes again', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    let failures = 0;
    alice.client.on('message', () => {
      failures += 1;
      if (failures === 1) throw new Error('disk full');
    });
    const bob = await world.online('bob');
    await say(world, bob, 'alice', 'm1');
    await world.run(60_000);
    expect(failures).toBe(2);
    expect(listed(alice.view)).toEqual(['bob: m1, 1']);
  });

  it('begins with the counts of an earlier view', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice', { unread: { bob: 3 } });
    const bob = await world.online('bob');
    await say(world, bob, 'alice', 'm1');
    expect(listed(alice.view)).toEqual(['bob: m1, 4']);
  });

  it('shows what becomes of an own message', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    alice.view.conversation('bob').send({ content: 'hello' });
    const delivery = () => alice.view.conversations.getSnapshot().conversations[0]?.last.delivery;
    expect(delivery()).toBe('sending');
    await world.run(1000);
    expect(delivery()).toBe('stored');
  });

  it('keeps at most the maximum', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice', { maxConversations: 2 });
    for (const other of ['bob', 'carol', 'dave']) {
      await say(world, await world.online(other), 'alice', 'hello');
    }
    expect(listed(alice.view)).toEqual(['dave: hello, 1', 'carol: hello, 1']);
    expect(alice.view.conversations.getSnapshot().older).toBe('full');
  });
});

describe.each([
  ['a client without an outbox', { disk: null, store: undefined }],
  ['a server without a store', { disk: undefined, store: null }],
  ['a store without history', { disk: undefined, store: memoryStore() }],
] as const)('with %s', (_, { disk, store }) => {
  it('a view shows what arrives while it exists, also of conversations that were not open', async () => {
    const world = await World.open(store === undefined ? {} : { store });
    const alice = await withView(world, 'alice', { device: disk === undefined ? {} : { disk } });
    const bob = await world.online('bob', { disk: null });
    await say(world, bob, 'alice', ...texts(2));
    expect(listed(alice.view)).toEqual(['bob: m2, 2']);
    const chat = await opened(world, alice, 'bob');
    expect(shown(chat.getSnapshot().items)).toEqual(['m1', 'm2']);
    expect(chat.getSnapshot().older).toBe('none');
    chat.send({ content: 'answer' });
    await world.run(1000);
    const own = `answer (${alice.client.level === 1 ? 'stored' : 'received'})`;
    expect(shown(chat.getSnapshot().items)).toEqual(['m1', 'm2', own]);
    chat.close();
    const again = await opened(world, alice, 'bob');
    expect(shown(again.getSnapshot().items)).toEqual(['m1', 'm2', own]);
    await chat.loadOlder();
    await alice.view.conversations.loadMore();
    expect(alice.view.conversations.getSnapshot().older).toBe('none');
  });
});
