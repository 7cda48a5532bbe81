import { describe, expect, it } from 'vitest';
import { type Bench, openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import type { Peer } from './support/peer-transport.js';
import { acknowledgement, message } from './support/wire.js';

const contents = (peer: Peer) =>
  peer.received.filter(({ type }) => type === 2).map(({ dataContent }) => dataContent);
const acknowledged = (peer: Peer) =>
  peer.received.filter(({ type }) => type === 4).map(({ dataContent }) => dataContent);

/** Bob acknowledges everything that he has not acknowledged yet. */
async function acknowledge(bench: Bench, bob: Peer): Promise<readonly (string | undefined)[]> {
  const got = contents(bob);
  for (const { type, fp } of bob.takeReceived())
    if (type === 2) bob.write(acknowledgement('bob', 'alice', fp ?? ''));
  await bench.settle();
  return got;
}

describe('a client that begins to count its messages again', () => {
  it('reaches a receiver who is online, and the server reports it', async () => {
    const bench = await openBench({});
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    alice.write(message('alice', 'bob', 'before', '1'));
    await bench.settle();
    expect(await acknowledge(bench, bob)).toEqual(['before']);
    expect(bench.events.fingerprintReused).toEqual([]);
    alice.write(message('alice', 'bob', 'after', '1'));
    alice.write(message('alice', 'bob', 'after', '1'));
    await bench.settle();
    expect(await acknowledge(bench, bob)).toEqual(['after']);
    expect(acknowledged(alice)).toEqual(['1', '1']);
    expect(bench.events.fingerprintReused).toMatchObject([{ fingerprint: '1', to: 'bob', userId: 'alice' }]);
    expect(bench.metric('fingerprintsReused')).toBe(1);
    alice.write(message('alice', 'bob', 'after', '1'));
    await bench.settle();
    expect(contents(bob)).toEqual([]);
    expect(acknowledged(alice)).toEqual(['1', '1', '1']);
  });

  it('reaches the application of the server', async () => {
    const got: string[] = [];
    const onServerMessage = ({ content }: { content: string }) => void got.push(content);
    const bench = await openBench({ hooks: { onServerMessage } });
    const alice = await bench.online('alice');
    for (const text of ['before', 'after', 'after']) alice.write(message('alice', '0', text, '1'));
    await bench.settle();
    expect(got).toEqual(['before', 'after']);
  });

  it('reaches a receiver who is offline, from the store, one message after the other', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    for (const text of ['before', 'after']) alice.write(message('alice', 'bob', text, '1'));
    await bench.settle();
    expect(acknowledged(alice)).toEqual(['1', '1']);
    const bob = await bench.online('bob');
    expect(await acknowledge(bench, bob)).toEqual(['before']);
    expect(await acknowledge(bench, bob)).toEqual(['after']);
    await bench.advance(25);
    expect(await store.waiting('bob')).toEqual([]);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('reaches a receiver who has not acknowledged the earlier message, after that one', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    for (const text of ['before', 'after']) alice.write(message('alice', 'bob', text, '1'));
    await bench.settle();
    expect(contents(bob)).toEqual(['before']);
    alice.write(message('alice', 'bob', 'other', '2'));
    await bench.settle();
    expect(await acknowledge(bench, bob)).toEqual(['before']);
    expect(await acknowledge(bench, bob)).toEqual(['after', 'other']);
    await bench.advance(25);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('is not acknowledged without a store as long as the earlier message is in flight', async () => {
    const bench = await openBench({});
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    for (const text of ['before', 'after']) alice.write(message('alice', 'bob', text, '1'));
    await bench.settle();
    expect(bench.events.undelivered).toMatchObject([{ reason: 'not-acknowledged' }]);
    expect(await acknowledge(bench, bob)).toEqual(['before']);
    expect(acknowledged(alice)).toEqual(['1']);
    alice.write(message('alice', 'bob', 'after', '1'));
    await bench.settle();
    expect(await acknowledge(bench, bob)).toEqual(['after']);
    expect(acknowledged(alice)).toEqual(['1', '1']);
  });

  it('reaches a receiver after the server has restarted and knows the fingerprint from its store', async () => {
    const store = new ControlledStore();
    const first = await openBench({ store });
    (await first.online('alice')).write(message('alice', 'bob', 'before', '1'));
    await first.settle();
    expect(await acknowledge(first, await first.online('bob'))).toEqual(['before']);
    await first.advance(25);
    const second = await openBench({ store });
    const alice = await second.online('alice');
    for (const text of ['before', 'after']) alice.write(message('alice', 'bob', text, '1'));
    await second.settle();
    expect(await acknowledge(second, await second.online('bob'))).toEqual(['after']);
  });
});
