import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { openBench } from './support/bench.js';
import { message } from './support/wire.js';

describe('two servers with the same messages in memory', () => {
  it('deliver what the other has stored, also after the other was closed', async () => {
    const store = memoryStore();
    const [here, there] = [await openBench({ store }), await openBench({ store: store.share() })];
    const alice = await here.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await here.settle();
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1']);
    const closed = here.server.close({ drainMs: 0 });
    await here.advance(100);
    await closed;
    const bob = await there.online('bob');
    await there.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1']);
  });
});
