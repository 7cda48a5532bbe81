import { describe, expect, it } from 'vitest';
import { FallbackHistory } from '../../page/io/fallback-history.js';
import { MemoryHistory } from '../../page/io/memory-history.js';
import type { ChatMessage, IncomingMessage } from '../../page/model/message.js';

/** A history whose disk can be full. */
class Bounded extends MemoryHistory {
  isFull = false;

  override async add(message: ChatMessage): Promise<boolean> {
    if (this.isFull) throw new DOMException('full', 'QuotaExceededError');
    return await super.add(message);
  }
}

const incoming = (order: number): IncomingMessage => ({
  kind: 'incoming',
  id: `in/bob/${order}`,
  peer: 'bob',
  text: `message ${order}`,
  at: order,
  order,
});

function setUp() {
  const kept = new Bounded();
  let failures = 0;
  const history = new FallbackHistory(kept, () => failures++);
  const orders = async (before?: number, size = 10) => {
    const page = await history.page('bob', before, size);
    return [page.messages.map(({ order }) => order), page.isLast];
  };
  return { kept, history, orders, failures: () => failures };
}

describe('a history whose storage can be full', () => {
  it('keeps messages that cannot be stored in memory, in order, and reports them', async () => {
    const { kept, history, orders, failures } = setUp();
    await history.add(incoming(1));
    kept.isFull = true;
    expect(await history.add(incoming(2))).toBe(true);
    expect(await history.add(incoming(2))).toBe(false);
    kept.isFull = false;
    await history.add(incoming(3));
    expect(await orders()).toEqual([[1, 2, 3], true]);
    expect(failures()).toBe(2);
  });

  it('returns unsaved messages with the page that they belong to', async () => {
    const { kept, history, orders } = setUp();
    for (const order of [1, 3, 5, 7]) await history.add(incoming(order));
    kept.isFull = true;
    for (const order of [2, 6]) await history.add(incoming(order));
    expect(await orders(undefined, 2)).toEqual([[5, 6, 7], false]);
    expect(await orders(5, 2)).toEqual([[1, 2, 3], true]);
  });

  it('updates the outcome of an unsaved message, and deletes it with its conversation', async () => {
    const { kept, history } = setUp();
    kept.isFull = true;
    await history.add({ ...incoming(1), kind: 'outgoing', delivery: 'pending' });
    await history.setDelivery('in/bob/1', 'received', undefined);
    const { messages } = await history.page('bob', undefined, 10);
    expect(messages).toMatchObject([{ delivery: 'received' }]);
    await history.deleteConversation('bob');
    expect((await history.page('bob', undefined, 10)).messages).toEqual([]);
  });
});
