import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { message } from './support/wire.js';

describe('a sender of whom the store has not told whether it has named devices', () => {
  it('does not overtake its first message when the store tells that it has none', async () => {
    const store = new ControlledStore();
    store.knowsWhatIsEmpty = false;
    const bench = await openBench({ store });
    const bob = await bench.online('bob');
    store.hold('take');
    const alice = await bench.online('alice');
    store.hold('append');
    alice.write(message('alice', 'bob', 'first', 'fp-1'));
    await bench.settle();
    store.release('take');
    await bench.settle();
    alice.write(message('alice', 'bob', 'second', 'fp-2'));
    await bench.settle();
    expect(bob.received).toEqual([]);
    store.release('append');
    await bench.settle();
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(['first', 'second']);
  });
});
