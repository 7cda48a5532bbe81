import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import type { History } from '../../page/io/history.js';
import { MemoryHistory } from '../../page/io/memory-history.js';
import { StoredHistory } from '../../page/io/stored-history.js';
import { newConversation } from '../../page/model/conversation.js';
import type { ChatMessage, OutgoingMessage } from '../../page/model/message.js';

const alice = { userId: 'alice', server: 'ws://a/websocket' };
const incoming = (order: number, peer = 'bob'): ChatMessage => {
  return { kind: 'incoming', id: `in/${peer}/${order}`, peer, text: `text ${order}`, at: order, order };
};
const pending = (order: number, peer = 'bob'): OutgoingMessage => {
  const base = { id: `fp-${order}`, peer, text: `text ${order}`, at: order, order };
  return { kind: 'outgoing', ...base, delivery: 'pending', failure: undefined };
};
const ordersOf = (messages: readonly ChatMessage[]) => messages.map(({ order }) => order);

describe.each<[string, () => Promise<History>]>([
  ['StoredHistory', () => StoredHistory.open(new IDBFactory(), alice)],
  ['MemoryHistory', async () => new MemoryHistory()],
])('%s', (_name, open) => {
  it('returns pages from the newest to the oldest, and whether a page is the last', async () => {
    const history = await open();
    for (let order = 1; order <= 5; order++) await history.add(incoming(order));
    await history.add(incoming(6, 'carol'));
    const newest = await history.page('bob', undefined, 2);
    expect([ordersOf(newest.messages), newest.isLast]).toEqual([[4, 5], false]);
    const middle = await history.page('bob', 4, 2);
    expect([ordersOf(middle.messages), middle.isLast]).toEqual([[2, 3], false]);
    const oldest = await history.page('bob', 2, 2);
    expect([ordersOf(oldest.messages), oldest.isLast]).toEqual([[1], true]);
  });

  it('adds a message once', async () => {
    const history = await open();
    expect(await history.add(incoming(1))).toBe(true);
    expect(await history.add({ ...incoming(1), text: 'another' })).toBe(false);
    expect((await history.page('bob', undefined, 9)).messages).toEqual([incoming(1)]);
  });

  it('returns pending messages in order until their outcome is set', async () => {
    const history = await open();
    for (const message of [pending(1), incoming(2), pending(3, 'carol'), pending(4)])
      await history.add(message);
    expect(await history.pending()).toEqual([pending(1), pending(3, 'carol'), pending(4)]);
    await history.setDelivery('fp-1', 'received', undefined);
    await history.setDelivery('fp-4', 'failed', 'too-large');
    await history.setDelivery('in/bob/2', 'failed', 'other');
    expect(ordersOf(await history.pending())).toEqual([3]);
    expect((await history.page('bob', undefined, 9)).messages.at(-1)).toEqual({
      ...pending(4),
      delivery: 'failed',
      failure: 'too-large',
    });
    await history.setDelivery('fp-4', 'pending', undefined);
    expect(ordersOf(await history.pending())).toEqual([3, 4]);
  });

  it('deletes a conversation with its messages, and no other', async () => {
    const history = await open();
    await history.keepConversation(newConversation('bob', 1));
    await history.keepConversation(newConversation('carol', 2));
    await history.add(incoming(3));
    await history.add(incoming(4, 'carol'));
    await history.deleteConversation('bob');
    expect((await history.conversations()).map(({ peer }) => peer)).toEqual(['carol']);
    expect((await history.page('bob', undefined, 9)).messages).toEqual([]);
    expect((await history.page('carol', undefined, 9)).messages.length).toBe(1);
  });
});

describe('StoredHistory', () => {
  it('is persistent, separately for each user and server', async () => {
    const factory = new IDBFactory();
    const first = await StoredHistory.open(factory, alice);
    await first.add(pending(7));
    await first.keepConversation({ ...newConversation('bob', 7), draft: 'half a sen' });
    first.close();
    const again = await StoredHistory.open(factory, alice);
    expect([await again.pending(), await again.lastOrder()]).toEqual([[pending(7)], 7]);
    expect((await again.conversations())[0]?.draft).toBe('half a sen');
    const other = await StoredHistory.open(factory, { ...alice, userId: 'bob' });
    expect(await other.conversations()).toEqual([]);
  });

  it('reopens a database that the browser has closed, until it is closed itself', async () => {
    const factory = new IDBFactory();
    const opened: IDBDatabase[] = [];
    const open = factory.open.bind(factory);
    factory.open = (name, version) => {
      const request = open(name, version);
      request.addEventListener('success', () => opened.push(request.result as unknown as IDBDatabase));
      return request;
    };
    const history = await StoredHistory.open(factory, alice);
    await history.add(incoming(1));
    opened[0]?.close();
    expect(await history.add(incoming(2))).toBe(true);
    expect(ordersOf((await history.page('bob', undefined, 9)).messages)).toEqual([1, 2]);
    history.close();
    await expect(history.add(incoming(3))).rejects.toMatchObject({ name: 'InvalidStateError' });
    expect(opened.length).toBe(2);
  });

  it('keeps a limited number of messages per conversation, and all pending ones', async () => {
    const history = await StoredHistory.open(new IDBFactory(), alice, 20);
    await history.add(pending(1));
    for (let order = 2; order <= 200; order++) await history.add(incoming(order));
    const { messages } = await history.page('bob', undefined, 1000);
    expect(messages.length).toBeLessThanOrEqual(20 + 50 + 1);
    expect(ordersOf(messages).at(-1)).toBe(200);
    expect(ordersOf(await history.pending())).toEqual([1]);
  });
});
