import { expect } from 'vitest';
import { StoreError } from '../../src/errors.js';
import type { Bench } from '../support/bench.js';
import { ControlledStore } from '../support/controlled-store.js';
import type { Peer } from '../support/peer-transport.js';
import { acknowledgement, message, plainMessage } from '../support/wire.js';
import { contentsOf, FRAME_MS, type Nodes, startTwo } from './nodes.js';

/** Runs one row of the table of failures in docs/guide/scaling.md. */
type Scenario = () => Promise<void>;

const BROKEN = new StoreError('ERR_STORE_FAILED', 'the database is away');
const HELLO = message('alice', 'bob', 'hello', 'f1');

/** Two nodes with a store that fails when told: alice is online at `a`, bob at `b`, and both nodes know of it. */
interface Stage {
  readonly nodes: Nodes;
  readonly store: ControlledStore;
  readonly a: Bench;
  readonly b: Bench;
  readonly alice: Peer;
  readonly bob: Peer;
}

async function open(): Promise<Stage> {
  const store = new ControlledStore();
  const { nodes, a, b } = await startTwo({ store });
  const alice = await a.online('alice');
  const bob = await b.online('bob');
  await nodes.advance(FRAME_MS);
  return { nodes, store, a, b, alice, bob };
}

/** The same client logs in again, at another node. */
function reconnect(userId: string, from: Bench, to: Bench): Promise<Peer> {
  const firstLoginTime = from.server.sessions(userId)[0]?.firstLoginTime ?? 0;
  return to.online(userId, 'tcp', { firstLoginTime });
}

/** The sender has got the acknowledgement of `HELLO`. */
function expectAcknowledged(sender: Peer): void {
  expect(sender.received).toContainEqual(
    expect.objectContaining({ type: 4, dataContent: 'f1', from: 'bob' }),
  );
}

/** Calls of the store fail from now on, or work again. */
function setBroken(store: ControlledStore, isBroken: boolean): void {
  for (const kind of ['append', 'take', 'confirm', 'whichWait'] as const)
    store.failures[kind] = isBroken ? BROKEN : undefined;
}

export const FAILURES: Readonly<Record<string, Scenario>> = {
  async 'node-dies-before-append'() {
    const { nodes, store, a, b, alice, bob } = await open();
    store.hold('append');
    alice.write(HELLO);
    await a.settle();
    expect(alice.received).toEqual([]);
    nodes.member('a').crash();
    store.forget('append');
    const again = await reconnect('alice', a, b);
    again.write(HELLO);
    await b.settle();
    expect(contentsOf(bob)).toEqual(['hello']);
    bob.write(acknowledgement('bob', 'alice', 'f1'));
    await b.settle();
    expectAcknowledged(again);
  },

  async 'node-dies-before-hint'() {
    const { nodes, a, alice, bob } = await open();
    nodes.bus.setConditions({ loss: 1 });
    alice.write(HELLO);
    await a.settle();
    expectAcknowledged(alice);
    nodes.member('a').crash();
    nodes.bus.setConditions({ loss: 0 });
    await nodes.advance(3900);
    expect(contentsOf(bob)).toEqual([]);
    await nodes.advance(1500);
    expect(contentsOf(bob)).toEqual(['hello']);
  },

  async 'node-of-receiver-dies'() {
    const { nodes, a, b, alice } = await open();
    nodes.member('b').crash();
    alice.write(HELLO);
    await nodes.advance(FRAME_MS);
    expectAcknowledged(alice);
    const again = await reconnect('bob', b, a);
    await a.settle();
    expect(contentsOf(again)).toEqual(['hello']);
    await nodes.advance(4300);
    expect(a.server.cluster?.nodes()).toEqual([]);
  },

  async 'node-closes'() {
    const { nodes, a, b, alice, bob } = await open();
    const closed = b.server.close({ drainMs: 0 });
    await nodes.advance(FRAME_MS);
    await closed;
    expect(bob.isClosed).toBe(true);
    expect(a.server.isOnline('bob')).toBe(false);
    expect(a.server.cluster?.nodes()).toEqual([]);
    alice.write(HELLO);
    await a.settle();
    expectAcknowledged(alice);
    expect(contentsOf(await a.online('bob'))).toEqual(['hello']);
  },

  async 'frame-lost'() {
    const { nodes, a, alice, bob } = await open();
    nodes.bus.setConditions({ loss: 1 });
    alice.write(HELLO);
    await a.settle();
    nodes.bus.setConditions({ loss: 0 });
    await nodes.advance(2100);
    expect(contentsOf(bob)).toEqual(['hello']);
  },

  async 'bus-away'() {
    const { nodes, a, b, alice, bob } = await open();
    const carol = await a.online('carol');
    nodes.bus.stop();
    await nodes.advance(10_000);
    alice.write(HELLO);
    alice.write(message('alice', 'carol', 'hello, carol', 'f2'));
    await a.settle();
    expect(contentsOf(carol)).toEqual(['hello, carol']);
    await nodes.advance(1100);
    expectAcknowledged(alice);
    expect(contentsOf(bob)).toEqual(['hello']);
    nodes.bus.restart();
    await nodes.advance(1100);
    expect(a.server.isOnline('bob')).toBe(true);
    expect(b.server.isOnline('carol')).toBe(true);
  },

  async 'network-split'() {
    const { nodes, a, b, alice, bob } = await open();
    nodes.bus.split(['a'], ['b']);
    await nodes.advance(4300);
    alice.write(HELLO);
    await nodes.advance(1100);
    expectAcknowledged(alice);
    expect(contentsOf(bob)).toEqual(['hello']);
    const carols = [await a.online('carol'), await b.online('carol')];
    await nodes.advance(10_000);
    expect(carols.filter(({ isClosed }) => isClosed)).toEqual([]);
    nodes.bus.heal();
    await nodes.advance(1100);
    expect(carols.filter(({ isClosed }) => isClosed)).toHaveLength(1);
  },

  async 'database-away'() {
    const { nodes, store, a, alice, bob } = await open();
    const carol = await a.online('carol');
    alice.write(message('alice', 'carol', 'before', 'f0'));
    await a.settle();
    setBroken(store, true);
    alice.write(message('alice', 'carol', 'during', 'f2'));
    alice.write(HELLO);
    await nodes.advance(2000);
    expect(contentsOf(carol)).toContain('during');
    expect(alice.received).toEqual([]);
    expect(contentsOf(bob)).toEqual([]);
    setBroken(store, false);
    alice.write(HELLO);
    await nodes.advance(FRAME_MS);
    expectAcknowledged(alice);
    expect(contentsOf(bob)).toEqual(['hello']);
  },

  async 'database-fails-over'() {
    const { nodes, store, a, alice, bob } = await open();
    const readOnly = new StoreError(
      'ERR_STORE_READ_ONLY',
      'cannot execute INSERT in a read-only transaction',
    );
    const carol = await a.online('carol');
    for (const kind of ['append', 'confirm'] as const) store.failures[kind] = readOnly;
    alice.write(message('alice', 'carol', 'during', 'f2'));
    alice.write(HELLO);
    await nodes.advance(2000);
    expect(contentsOf(carol)).toContain('during');
    expect(alice.received).toEqual([]);
    expect(contentsOf(bob)).toEqual([]);
    for (const kind of ['append', 'confirm'] as const) store.failures[kind] = undefined;
    alice.write(HELLO);
    await nodes.advance(FRAME_MS);
    expectAcknowledged(alice);
    expect(contentsOf(bob)).toEqual(['hello']);
  },

  async 'database-and-bus-away'() {
    const { nodes, store, a, b, alice, bob } = await open();
    nodes.bus.stop();
    setBroken(store, true);
    await nodes.advance(5000);
    const carols = [await a.online('carol'), await b.online('carol')];
    alice.write(HELLO);
    await nodes.advance(5000);
    expect(alice.received).toEqual([]);
    expect(carols.filter(({ isClosed }) => isClosed)).toEqual([]);
    setBroken(store, false);
    nodes.bus.restart();
    alice.write(HELLO);
    await nodes.advance(2100);
    expectAcknowledged(alice);
    expect(contentsOf(bob)).toEqual(['hello']);
    expect(carols.filter(({ isClosed }) => isClosed)).toHaveLength(1);
  },

  async 'without-qos'() {
    const { nodes, alice, bob } = await open();
    alice.write(plainMessage('alice', 'bob', 'typing'));
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual(['typing']);
  },

  async 'without-qos-bus-away'() {
    const { nodes, alice, bob } = await open();
    nodes.bus.stop();
    alice.write(plainMessage('alice', 'bob', 'typing'));
    await nodes.advance(1000);
    nodes.bus.restart();
    await nodes.advance(60_000);
    expect(contentsOf(bob)).toEqual([]);
  },
};
