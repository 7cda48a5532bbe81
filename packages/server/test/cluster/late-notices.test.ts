import { describe, expect, it } from 'vitest';
import { LateNotices } from '../../src/cluster/late-notices.js';
import { WithheldNotices } from '../../src/cluster/withheld-notices.js';
import { HookRunner } from '../../src/hook-runner.js';
import type { Message } from '../../src/message.js';
import { OfflineNotifier } from '../../src/storage/offline-notifier.js';
import { memoryStore } from '../../src/store-memory/memory-store.js';
import type { Bench } from '../support/bench.js';
import { ControlledStore } from '../support/controlled-store.js';
import { onlineDevice } from '../support/log-device.js';
import { createRuntime } from '../support/runtime.js';
import { acknowledgement, logout, message } from '../support/wire.js';
import { contentsOf, FRAME_MS, Nodes } from './nodes.js';

/** Three nodes, and the contents that `onStored` was told at each. */
async function startThree() {
  const nodes = new Nodes();
  const told: Record<string, string[]> = {};
  const start = (nodeId: string): Promise<Bench> => {
    const contents: string[] = [];
    told[nodeId] = contents;
    const onStored = (messages: readonly Message[]): void => {
      for (const { content } of messages) contents.push(content);
    };
    return nodes.start(nodeId, { hooks: { onStored } });
  };
  const [a, b, c] = [await start('a'), await start('b'), await start('c')];
  await nodes.advance(2000);
  return { nodes, told, a, b, c };
}

describe('onStored, for a message to a user who was online at another node,', () => {
  it('is called when the last session ends without an acknowledgement', async () => {
    const { nodes, told, a, b } = await startThree();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    for (const number of ['1', '2', '3']) alice.write(message('alice', 'bob', number, `f${number}`));
    await nodes.advance(1000);
    bob.write(acknowledgement('bob', 'alice', 'f1'));
    await nodes.advance(5000);
    expect(told).toEqual({ a: [], b: [], c: [] });
    bob.destroy();
    await nodes.advance(2000);
    expect(told).toEqual({ a: ['2', '3'], b: [], c: [] });
    await nodes.advance(60_000);
    expect(told).toEqual({ a: ['2', '3'], b: [], c: [] });
  });

  it('is not called for what a named device has acknowledged, and called by one node for the rest', async () => {
    const { nodes, told, a, b } = await startThree();
    const alice = await a.online('alice');
    const bob = await onlineDevice(b, 'bob', 'laptop');
    const carol = await b.online('carol');
    await nodes.advance(FRAME_MS);
    for (const number of ['1', '2']) alice.write(message('alice', 'bob', number, `f${number}`));
    await nodes.advance(1000);
    carol.write(message('carol', 'bob', '3', 'f3'));
    await nodes.advance(1000);
    bob.acknowledge(1);
    await nodes.advance(1000);
    expect(told).toEqual({ a: [], b: [], c: [] });
    bob.peer.destroy();
    await nodes.advance(2000);
    expect(told).toEqual({ a: ['2'], b: ['3'], c: [] });
  });

  it('is not called when all was acknowledged', async () => {
    const { nodes, told, a, b } = await startThree();
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(1000);
    bob.write(acknowledgement('bob', 'alice', 'f1'), logout('bob'));
    await nodes.advance(60_000);
    expect(told).toEqual({ a: [], b: [], c: [] });
  });

  it('is called when the node of the receiver dies, and the receiver does not come back within 10 s', async () => {
    const { nodes, told, a, b } = await startThree();
    const alice = await a.online('alice');
    await b.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(1000);
    nodes.member('b').crash();
    await nodes.advance(13_500);
    expect(told).toEqual({ a: [], b: [], c: [] });
    await nodes.advance(2000);
    expect(told).toEqual({ a: ['hello'], b: [], c: [] });
  });

  it('is not called when the receiver comes back at another node, until it goes offline there', async () => {
    const { nodes, told, a, b, c } = await startThree();
    const alice = await a.online('alice');
    await b.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(1000);
    nodes.member('b').crash();
    await nodes.advance(8000);
    const bob = await c.online('bob');
    await nodes.advance(20_000);
    expect(contentsOf(bob)).toContain('hello');
    expect(told).toEqual({ a: [], b: [], c: [] });
    bob.destroy();
    await nodes.advance(2000);
    expect(told).toEqual({ a: ['hello'], b: [], c: [] });
  });

  it('is called by each node for what it has stored itself', async () => {
    const { nodes, told, a, b, c } = await startThree();
    const [alice, carol] = [await a.online('alice'), await c.online('carol')];
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'from a', 'f1'));
    carol.write(message('carol', 'bob', 'from c', 'f1'));
    await nodes.advance(1000);
    bob.destroy();
    await nodes.advance(2000);
    expect(told).toEqual({ a: ['from a'], b: [], c: ['from c'] });
  });
});

describe('onStored, for a message that the store has stored after its call was given up,', () => {
  it('is called when the receiver leaves the other node without an acknowledgement', async () => {
    const nodes = new Nodes();
    const told: string[] = [];
    const onStored = (messages: readonly Message[]): void => {
      for (const { content } of messages) told.push(content);
    };
    const store = nodes.store.share();
    const append = store.append.bind(store);
    let answer = (): void => {};
    store.append = async (messages) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return append(messages);
    };
    const a = await nodes.start('a', { store, storeTimeoutMs: 1000, hooks: { onStored } });
    const b = await nodes.start('b');
    await nodes.advance(2000);
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(2000);
    answer();
    await nodes.advance(1000);
    expect(contentsOf(bob)).toContain('hello');
    expect(told).toEqual([]);
    bob.destroy();
    await nodes.advance(2000);
    expect(told).toEqual(['hello']);
  });
});

/** Late notices over a store whose answers the test controls, and the fingerprints of which they told. */
function openNotices() {
  const runtime = createRuntime();
  runtime.events.on('error', () => {});
  const store = new ControlledStore();
  const online = new Set<string>();
  const told: string[] = [];
  const notices = new LateNotices(runtime, {
    store,
    shared: store.shared,
    isOnline: (userId) => online.has(userId),
    notify: ({ fingerprint }) => told.push(fingerprint),
    notifierReady: () => Promise.resolve(),
  });
  const withhold = async (to: string, fingerprint: string): Promise<void> => {
    const [result] = await store.append([{ to, from: 'alice', fingerprint, body: 'body', acceptedAt: 0 }]);
    if (result?.outcome === 'stored') notices.withhold(to, result.position);
  };
  const leave = (userId: string): void => {
    online.delete(userId);
    notices.wentOffline(userId, false);
  };
  return {
    store,
    online,
    told,
    withhold,
    leave,
    advance: (ms: number) => runtime.clock.advanceAsync(ms, 50),
  };
}

describe('late notices', () => {
  it('come no faster than the hook, for a storm of users who leave', async () => {
    const USERS = 20_000;
    const runtime = createRuntime();
    const { clock } = runtime;
    let told = 0;
    const onStored = (messages: readonly Message[]): Promise<void> => {
      told += messages.length;
      return new Promise((resolve) => clock.schedule(clock.now() + 1, resolve));
    };
    const notifier = new OfflineNotifier(runtime, new HookRunner(runtime, { onStored }, 10_000));
    const store = memoryStore({ wallTime: () => clock.wallTime() });
    const notices = new LateNotices(runtime, {
      ...{ store, shared: store.shared, isOnline: () => false },
      notify: (waiting) => notifier.addLate(waiting),
      notifierReady: () => notifier.room(),
    });
    const body = '{"type":2}';
    const to = Array.from({ length: USERS }, (_, number) => `user-${number}`);
    const results = await store.append(
      to.map((userId) => ({ to: userId, from: 'alice', fingerprint: 'f', body, acceptedAt: 0 })),
    );
    for (const [index, result] of results.entries())
      if (result.outcome === 'stored') notices.withhold(to[index] ?? '', result.position);
    for (const userId of to) notices.wentOffline(userId, true);
    await clock.advanceAsync(10_000, 50);
    for (let step = 0; step < 500 && told < USERS; step++) await clock.advanceAsync(5, 500);
    expect([told, runtime.metrics.limitOfflineNotices]).toEqual([USERS, 0]);
  });

  it('tell of older messages too that a store which failed has kept back', async () => {
    const { store, online, told, withhold, leave, advance } = openNotices();
    await withhold('bob', 'f1');
    store.failures.whichWait = new Error('away');
    store.hold('whichWait');
    leave('bob');
    await advance(1000);
    online.add('bob');
    await withhold('bob', 'f2');
    store.release('whichWait');
    await advance(0);
    store.failures.whichWait = undefined;
    leave('bob');
    await advance(10_000);
    expect(told).toEqual(['f1', 'f2']);
  });

  it('tell of a user who leaves again while the store has not answered about others', async () => {
    const { store, online, told, withhold, leave, advance } = openNotices();
    await withhold('carol', 'f1');
    await withhold('bob', 'f2');
    store.hold('whichWait');
    leave('carol');
    await advance(500);
    leave('bob');
    await advance(1000);
    online.add('bob');
    leave('bob');
    await advance(1000);
    store.release('whichWait');
    await advance(0);
    expect(told).toEqual(['f1', 'f2']);
  });

  it('tell nothing of a user who came back while the store had not answered about others', async () => {
    const { store, online, told, withhold, leave, advance } = openNotices();
    await withhold('carol', 'f1');
    await withhold('bob', 'f2');
    store.hold('whichWait');
    leave('carol');
    await advance(500);
    leave('bob');
    await advance(1000);
    online.add('bob');
    store.release('whichWait');
    await advance(0);
    expect(told).toEqual(['f1']);
    leave('bob');
    await advance(1000);
    expect(told).toEqual(['f1', 'f2']);
  });

  it('wait the whole time again after each end', async () => {
    const { online, told, withhold, leave, advance } = openNotices();
    await withhold('bob', 'f1');
    leave('bob');
    await advance(500);
    online.add('bob');
    leave('bob');
    await advance(999);
    expect(told).toEqual([]);
    await advance(1);
    expect(told).toEqual(['f1']);
  });
});

describe('withheld notices', () => {
  it('are forgotten after 10 to 20 minutes', () => {
    const notices = new WithheldNotices();
    notices.add('bob', 1, 0);
    notices.add('bob', 2, 600_000);
    expect(notices.take('bob')).toEqual([1, 2]);
    notices.add('bob', 3, 1_200_000);
    notices.add('alice', 4, 2_400_000);
    expect(notices.has('bob')).toBe(false);
  });

  it('keep the latest 1000 of a user', () => {
    const notices = new WithheldNotices();
    for (let id = 1; id <= 1100; id++) notices.add('bob', id, 0);
    const ids = notices.take('bob');
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([1000, 101, 1100]);
  });

  it('forget the older half when there are too many, and say so', () => {
    const notices = new WithheldNotices(4);
    const added = [1, 2, 3, 4, 5].map((id) => notices.add(`user-${id}`, id, 0));
    expect(added).toEqual([true, true, true, true, false]);
    expect([1, 2, 3, 4, 5].map((id) => notices.has(`user-${id}`))).toEqual([false, false, true, true, true]);
  });
});
