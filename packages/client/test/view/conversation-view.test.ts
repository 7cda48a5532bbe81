import { describe, expect, it, vi } from 'vitest';
import { conversationView } from '../../src/view/index.js';
import { World } from '../log/world.js';
import { opened, say, shown, texts, withView } from './view-world.js';

describe('a conversation of a view', () => {
  it('shows the newest page of the history, and older ones when asked for', async () => {
    const world = await World.open();
    const bob = await world.online('bob');
    await say(world, bob, 'alice', ...texts(25));
    const alice = await withView(world, 'alice', { pageSize: 10 });
    const chat = await opened(world, alice, 'bob');
    expect(shown(chat.getSnapshot().items)).toEqual(texts(10, 16));
    expect(chat.getSnapshot().older).toBe('more');
    const loading = chat.loadOlder();
    expect(chat.getSnapshot().older).toBe('loading');
    await world.run(500);
    await loading;
    expect(shown(chat.getSnapshot().items)).toEqual(texts(20, 6));
    void chat.loadOlder();
    await world.run(500);
    expect(shown(chat.getSnapshot().items)).toEqual(texts(25));
    expect(chat.getSnapshot().older).toBe('complete');
  });

  it('shows a message of the history with id, time and direction', async () => {
    const world = await World.open();
    const bob = await world.online('bob');
    await say(world, bob, 'alice', 'hello');
    const alice = await withView(world, 'alice');
    const chat = await opened(world, alice, 'bob');
    expect(chat.getSnapshot().items).toMatchObject([
      { id: 1, from: 'bob', to: 'alice', conversation: 'bob', isOwn: false, hasServerTime: true },
    ]);
    expect(chat.getSnapshot().items[0]).toMatchObject({ delivery: undefined, isCut: false });
  });

  it('keeps one history on all devices of a user', async () => {
    const world = await World.open();
    const phone = await withView(world, 'alice', { device: { kind: 'tcp' } });
    const laptop = await withView(world, 'alice');
    const bob = await withView(world, 'bob');
    const chats = await Promise.all([
      opened(world, phone, 'bob'),
      opened(world, laptop, 'bob'),
      opened(world, bob, 'alice'),
    ]);
    chats[0].send({ content: 'from the phone' });
    await world.run(1000);
    chats[2].send({ content: 'answer' });
    await world.run(1000);
    chats[1].send({ content: 'from the laptop' });
    await world.run(1000);
    const ofAlice = ['from the phone (stored)', 'answer', 'from the laptop (stored)'];
    expect(shown(chats[0].getSnapshot().items)).toEqual(ofAlice);
    expect(shown(chats[1].getSnapshot().items)).toEqual(ofAlice);
    expect(shown(chats[2].getSnapshot().items)).toEqual([
      'from the phone',
      'answer (stored)',
      'from the laptop',
    ]);
  });

  it('shows a message at once as being sent, then as stored under the same key', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const chat = await opened(world, alice, 'bob');
    const key = chat.send({ content: 'hello', type: 7 });
    const [before] = chat.getSnapshot().items;
    expect(before).toMatchObject({ key, content: 'hello', type: 7, delivery: 'sending', id: undefined });
    expect(before).toMatchObject({ hasServerTime: false });
    await world.run(1000);
    const [stored] = await world.server.history({ a: 'alice', b: 'bob' });
    expect(chat.getSnapshot().items).toMatchObject([
      { key, id: stored?.id, delivery: 'stored', time: stored?.acceptedAt, hasServerTime: true },
    ]);
  });

  it('keeps messages that are being sent at the end, and puts them in their place when they are stored', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    alice.link.partition(['to-server']);
    chat.send({ content: 'mine' });
    await say(world, bob, 'alice', 'theirs');
    expect(shown(chat.getSnapshot().items)).toEqual(['theirs', 'mine (sending)']);
    alice.link.heal();
    await world.run(30_000);
    expect(shown(chat.getSnapshot().items)).toEqual(['theirs', 'mine (stored)']);
  });

  it('keeps a message as being sent over a logout, because the outbox has it', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const chat = await opened(world, alice, 'bob');
    alice.link.partition();
    chat.send({ content: 'later' });
    await world.run(100);
    await alice.client.logout();
    expect(shown(chat.getSnapshot().items)).toEqual(['later (sending)']);
    alice.link.heal();
    await world.login(alice, 'alice');
    await world.run(1000);
    expect(shown(chat.getSnapshot().items)).toEqual(['later (stored)']);
  });

  it('shows a message once whose answer was lost with its link', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const chat = await opened(world, alice, 'bob');
    alice.link.partition(['to-client']);
    chat.send({ content: 'hello' });
    await world.run(1000);
    expect(shown(chat.getSnapshot().items)).toEqual(['hello (sending)']);
    await world.run(20_000);
    alice.link.heal();
    await world.run(30_000);
    expect(shown(chat.getSnapshot().items)).toEqual(['hello (stored)']);
  });

  it('shows why a message was not sent, sends it again, or discards it', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const chat = await opened(world, alice, 'bob');
    await alice.client.logout();
    chat.send({ content: 'too early' });
    await world.run(0);
    const [failed] = chat.getSnapshot().items;
    expect(failed).toMatchObject({
      delivery: 'failed',
      failure: { code: 'ERR_CLOSED', serverCode: undefined },
    });
    await world.login(alice, 'alice');
    chat.retry(failed?.key ?? '');
    expect(shown(chat.getSnapshot().items)).toEqual(['too early (sending)']);
    await world.run(1000);
    expect(shown(chat.getSnapshot().items)).toEqual(['too early (stored)']);
    chat.discard(failed?.key ?? '');
    expect(shown(chat.getSnapshot().items)).toEqual(['too early (stored)']);
    chat.send({ content: 'x'.repeat(1_000_000) });
    await world.run(0);
    const tooLarge = chat.getSnapshot().items[1];
    expect(tooLarge).toMatchObject({ delivery: 'failed', failure: { code: 'ERR_TOO_LARGE' } });
    chat.retry(tooLarge?.key ?? '');
    expect(chat.getSnapshot().items[1]).toBe(tooLarge);
    chat.discard(tooLarge?.key ?? '');
    expect(shown(chat.getSnapshot().items)).toEqual(['too early (stored)']);
    expect(alice.view.conversations.getSnapshot().conversations[0]?.last.content).toBe('too early');
  });

  it('sends a message once with a fingerprint of the application', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    const request = { content: 'hello', fingerprint: 'fp-1' };
    expect(chat.send(request)).toBe(chat.send(request));
    await world.run(1000);
    expect(shown(chat.getSnapshot().items)).toEqual(['hello (stored)']);
    expect(chat.getSnapshot().items[0]).toMatchObject({ fingerprint: 'fp-1' });
    await alice.client.logout();
    const later = { content: 'later', fingerprint: 'fp-2' };
    const key = chat.send(later);
    await world.run(0);
    expect(shown(chat.getSnapshot().items)).toEqual(['hello (stored)', 'later (failed)']);
    await world.login(alice, 'alice');
    expect(chat.send(later)).toBe(key);
    await world.run(1000);
    expect(shown(chat.getSnapshot().items)).toEqual(['hello (stored)', 'later (stored)']);
    expect(bob.contents()).toEqual(['hello', 'later']);
  });

  it('shows the messages of an earlier run that are still being sent', async () => {
    const world = await World.open();
    const before = await withView(world, 'alice');
    before.link.partition();
    before.view.conversation('bob').send({ content: 'before the crash' });
    await world.run(100);
    before.disk?.crash();
    const alice = await withView(world, 'alice', { device: { disk: before.disk } });
    const chat = await opened(world, alice, 'bob');
    await world.run(1000);
    expect(shown(chat.getSnapshot().items)).toEqual(['before the crash (stored)']);
  });

  it('keeps at most the maximum, and says that there are older ones', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice', { maxMessages: 50 });
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    expect(chat.getSnapshot().older).toBe('complete');
    await say(world, bob, 'alice', ...texts(60));
    expect(shown(chat.getSnapshot().items)).toEqual(texts(50, 11));
    expect(chat.getSnapshot().older).toBe('full');
    void chat.loadOlder();
    await world.run(1000);
    expect(shown(chat.getSnapshot().items)).toEqual(texts(50, 11));
  });

  it('is empty without subscribers, and reads its messages again with the next one', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    await say(world, bob, 'alice', 'm1');
    chat.close();
    expect(chat.getSnapshot().items).toEqual([]);
    await say(world, bob, 'alice', 'm2');
    const again = await opened(world, alice, 'bob');
    expect(shown(again.getSnapshot().items)).toEqual(['m1', 'm2']);
  });
});

describe('the snapshots of a view', () => {
  it('are the same objects while nothing has changed, and others after a change', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    const stores = [chat, alice.view.conversations, alice.view.connection];
    const before = stores.map((store) => store.getSnapshot());
    await world.run(60_000);
    expect(stores.map((store, i) => store.getSnapshot() === before[i])).toEqual([true, true, true]);
    await say(world, bob, 'alice', 'hello');
    expect(stores.map((store, i) => store.getSnapshot() === before[i])).toEqual([false, false, true]);
    expect(alice.view.conversation('bob')).toBe(alice.view.conversation('bob'));
  });

  it('tell their subscribers of each change, and not after they have left', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const bob = await world.online('bob');
    await opened(world, alice, 'bob');
    const listener = vi.fn();
    const unsubscribe = [alice.view.conversation('bob'), alice.view.conversations].map((store) =>
      store.subscribe(listener),
    );
    await say(world, bob, 'alice', 'hello');
    expect(listener).toHaveBeenCalledTimes(2);
    for (const remove of unsubscribe) remove();
    await say(world, bob, 'alice', 'again');
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it('show the connection', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    expect(alice.view.connection.getSnapshot()).toEqual({ state: 'online', level: 1, retryAt: undefined });
    await alice.client.logout();
    expect(alice.view.connection.getSnapshot()).toMatchObject({ state: 'idle' });
  });

  it('do not change after the view is closed', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    alice.view.close();
    await say(world, bob, 'alice', 'hello');
    expect(chat.getSnapshot().items).toEqual([]);
  });

  it('begin anew when another user logs in', async () => {
    const world = await World.open();
    const alice = await withView(world, 'alice');
    const bob = await world.online('bob');
    const chat = await opened(world, alice, 'bob');
    await say(world, bob, 'alice', 'for alice');
    await alice.client.logout();
    await world.login(alice, 'carol');
    await world.run(1000);
    expect(chat.getSnapshot().items).toEqual([]);
    expect(alice.view.conversations.getSnapshot().conversations).toEqual([]);
  });
});

describe('conversationView', () => {
  it('rejects invalid options', async () => {
    const world = await World.open();
    const { client } = world.device();
    expect(() => conversationView(client, { maxMessages: 10 })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        message: expect.stringContaining('maxMessages'),
      }),
    );
  });
});
