import { settlePromises } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import type { Entry, Position } from '../src/ports/message-store.js';
import { MAX_PAGE, REPLAY_WINDOW, Replay, type ReplayTarget } from '../src/storage/replay.js';
import { ControlledStore } from './support/controlled-store.js';

async function setUp(count: number) {
  const store = new ControlledStore();
  const add = (from: number, to: number) =>
    store.append(
      Array.from({ length: to - from + 1 }, (_, index) => ({
        to: 'bob',
        from: 'alice',
        fingerprint: `${from + index}`,
        body: 'body',
        acceptedAt: 0,
      })),
    );
  await add(1, count);
  const written: string[] = [];
  const state = {
    underWay: 0,
    pendingAppends: 0,
    kept: 0,
    maxPage: MAX_PAGE,
    takes: (_message: Entry): boolean => true,
    mustWait: (_message: Entry): boolean => false,
  };
  const failures: unknown[] = [];
  const target: ReplayTarget = {
    write: (message) => {
      if (state.mustWait(message)) return false;
      written.push(message.fingerprint);
      if (state.takes(message)) state.underWay += 1;
      return true;
    },
    hasRoomFor: () => state.underWay < REPLAY_WINDOW,
    maxPage: () => state.maxPage,
    keeps: (bytes) => {
      state.kept += bytes;
    },
    pendingAppends: () => state.pendingAppends,
    confirming: () => new Set(),
    failed: (error) => failures.push(error),
    waits: () => {},
    reads: () => {},
    answered: () => {},
    caughtUp: () => {},
    gaveWay: () => {},
  };
  const replay = new Replay(store, 'bob', target, 'running');
  const wake = async () => {
    replay.wake();
    await settlePromises(50);
  };
  return { store, add, written, state, failures, replay, wake };
}

function entry(position: number): Entry {
  const fingerprint = `${position}`;
  return {
    ...{ to: 'bob', from: 'alice', fingerprint, body: 'body', acceptedAt: 0 },
    ...{ id: position, position, kind: 'message' },
  };
}

describe('Replay', () => {
  it('writes nothing before it is woken', async () => {
    const { written, replay } = await setUp(3);
    await settlePromises(50);
    expect(written).toEqual([]);
    expect(replay.isCaughtUp).toBe(false);
  });

  it('counts the messages that it has read and not written', async () => {
    const { state, replay, wake } = await setUp(REPLAY_WINDOW + 3);
    await wake();
    expect(state.kept).toBeGreaterThan(3 * 'body'.length);
    state.underWay = 0;
    replay.resume();
    expect(state.kept).toBe(0);
  });

  it('keeps nothing after its end', async () => {
    const { state, replay, wake } = await setUp(REPLAY_WINDOW + 3);
    await wake();
    replay.end();
    expect(state.kept).toBe(0);
  });

  it('reads smaller pages if it must', async () => {
    const { written, state, wake } = await setUp(10);
    state.maxPage = 1;
    await wake();
    expect(written).toHaveLength(10);
  });

  it('is caught up when the store has nothing left', async () => {
    const { written, replay, wake } = await setUp(3);
    await wake();
    expect(written).toEqual(['1', '2', '3']);
    expect(replay.isCaughtUp).toBe(true);
  });

  it('is caught up at once with an empty store', async () => {
    const { replay, wake } = await setUp(0);
    await wake();
    expect(replay.isCaughtUp).toBe(true);
  });

  it('keeps at most its window in flight, and continues where it stopped', async () => {
    const { written, state, replay, wake } = await setUp(40);
    await wake();
    expect(written).toHaveLength(REPLAY_WINDOW);
    await wake();
    expect(written).toHaveLength(REPLAY_WINDOW);
    state.underWay -= 5;
    await wake();
    expect(written).toHaveLength(REPLAY_WINDOW + 5);
    expect(replay.isCaughtUp).toBe(false);
    state.underWay = 0;
    await wake();
    state.underWay = 0;
    await wake();
    expect(written).toEqual(Array.from({ length: 40 }, (_, index) => `${index + 1}`));
    expect(replay.isCaughtUp).toBe(true);
  });

  it('reads growing pages, one ahead of the session', async () => {
    const { store, state, wake } = await setUp(1000);
    const reads: [Position, number][] = [];
    const take = store.take.bind(store);
    store.take = (userId, after, limit) => {
      reads.push([after, limit]);
      return take(userId, after, limit);
    };
    await wake();
    expect(reads).toEqual([
      [0, 16],
      [16, 32],
    ]);
    for (let acknowledged = 0; acknowledged < 30; acknowledged++) {
      state.underWay = 0;
      await wake();
    }
    expect(reads.slice(2, 6)).toEqual([
      [48, 64],
      [112, MAX_PAGE],
      [240, MAX_PAGE],
      [368, MAX_PAGE],
    ]);
  });

  it('replays again what the session has not acknowledged, and what follows it', async () => {
    const { written, state, replay, wake } = await setUp(20);
    await wake();
    state.underWay = 0;
    await wake();
    expect(replay.isCaughtUp).toBe(true);
    replay.rewind(15);
    expect(replay.isCaughtUp).toBe(false);
    state.underWay = 0;
    await wake();
    expect(written.slice(20)).toEqual(['15', '16', '17', '18', '19', '20']);
    expect(replay.isCaughtUp).toBe(true);
  });

  it('discards a page that it was reading when it was rewound', async () => {
    const { store, written, replay, wake } = await setUp(5);
    await wake();
    store.hold('take');
    await wake();
    replay.rewind(2);
    store.release('take');
    await settlePromises(50);
    expect(written.slice(5)).toEqual(['2', '3', '4', '5']);
  });

  it('still replays what is before the rewound position if it was rewound during the first read', async () => {
    const { store, written, replay, wake } = await setUp(3);
    store.hold('take');
    await wake();
    replay.rewind(3);
    store.release('take');
    await settlePromises(50);
    expect(written).toEqual(['1', '2', '3']);
    expect(replay.isCaughtUp).toBe(true);
  });

  it('still replays what is before the rewound position if the first read failed', async () => {
    const { store, written, replay, wake } = await setUp(3);
    store.failures.take = new Error('unreadable');
    await wake();
    replay.rewind(3);
    store.failures.take = undefined;
    await wake();
    expect(written).toEqual(['1', '2', '3']);
  });

  it('skips what the session cannot take', async () => {
    const { written, state, replay, wake } = await setUp(3);
    state.takes = ({ fingerprint }) => fingerprint !== '2';
    await wake();
    expect(written).toEqual(['1', '2', '3']);
    expect(state.underWay).toBe(2);
    expect(replay.isCaughtUp).toBe(true);
  });

  it('waits with a message, and those behind it, until it can be written', async () => {
    const { written, state, replay, wake } = await setUp(3);
    state.mustWait = ({ fingerprint }) => fingerprint === '2' && state.underWay > 0;
    await wake();
    expect(written).toEqual(['1']);
    expect(replay.isCaughtUp).toBe(false);
    replay.resume();
    expect(written).toEqual(['1']);
    state.underWay = 0;
    replay.resume();
    expect(written).toEqual(['1', '2', '3']);
    expect(replay.isCaughtUp).toBe(true);
  });

  it('has not caught up while an append is pending', async () => {
    const { add, written, state, replay, wake } = await setUp(1);
    state.pendingAppends = 1;
    await wake();
    expect(replay.isCaughtUp).toBe(false);
    await add(2, 2);
    state.pendingAppends = 0;
    await wake();
    expect(written).toEqual(['1', '2']);
    expect(replay.isCaughtUp).toBe(true);
  });

  it('does not read again behind a page that is not full', async () => {
    const { store, add, written, replay, wake } = await setUp(3);
    await wake();
    expect(store.calls.take).toBe(1);
    expect(replay.isCaughtUp).toBe(true);
    await add(4, 4);
    await wake();
    expect(store.calls.take).toBe(2);
    expect(written).toEqual(['1', '2', '3', '4']);
  });

  it('reads again when it is woken while it reads', async () => {
    const { store, add, written, replay, wake } = await setUp(1);
    store.hold('take');
    await wake();
    replay.wake();
    store.release('take');
    await add(2, 2);
    await settlePromises(50);
    expect(written).toEqual(['1', '2']);
  });

  it('takes an entry from another server without a read if it follows what was read', async () => {
    const { store, written, replay, wake } = await setUp(1);
    await wake();
    expect(replay.push(entry(2))).toBe('taken');
    expect(replay.push(entry(3))).toBe('taken');
    expect(written).toEqual(['1', '2', '3']);
    expect(replay.isCaughtUp).toBe(true);
    expect(store.calls.take).toBe(1);
    expect(replay.position).toBe(3);
  });

  it('reads the store if something is missing before an entry, and ignores entries that it has read', async () => {
    const { store, add, written, replay, wake } = await setUp(1);
    await wake();
    await add(2, 3);
    expect(replay.push(entry(3))).toBe('read');
    await settlePromises(50);
    expect(written).toEqual(['1', '2', '3']);
    expect(replay.push(entry(2))).toBe('old');
    expect(written).toEqual(['1', '2', '3']);
    expect(store.calls.take).toBe(2);
  });

  it('keeps entries that come during a read until its end', async () => {
    const { store, written, replay, wake } = await setUp(2);
    store.hold('take');
    await wake();
    for (const position of [2, 3, 4]) expect(replay.push(entry(position))).toBe('read');
    store.release('take');
    await settlePromises(50);
    expect(written).toEqual(['1', '2', '3', '4']);
    expect(store.calls.take).toBe(1);
  });

  it('reads what is missing before an entry that came during a read', async () => {
    const { store, add, written, replay, wake } = await setUp(2);
    const take = store.take.bind(store);
    const early = await take('bob', 0, 16);
    let answer = (): void => {};
    store.take = () => {
      store.take = take;
      return new Promise((resolve) => {
        answer = () => resolve(early);
      });
    };
    await wake();
    await add(3, 4);
    expect(replay.push(entry(4))).toBe('read');
    answer();
    await settlePromises(50);
    expect(written).toEqual(['1', '2', '3', '4']);
  });

  it('takes entries only as far as the session has room', async () => {
    const { written, state, replay, wake } = await setUp(0);
    await wake();
    for (let position = 1; position <= REPLAY_WINDOW + 2; position += 1) replay.push(entry(position));
    expect(written).toHaveLength(REPLAY_WINDOW);
    expect(replay.isCaughtUp).toBe(false);
    state.underWay = 0;
    replay.resume();
    expect(written).toHaveLength(REPLAY_WINDOW + 2);
    expect(replay.isCaughtUp).toBe(true);
  });

  it('needs no read after entries that the session was written otherwise', async () => {
    const { store, written, replay, wake } = await setUp(1);
    await wake();
    replay.skip(2);
    expect(replay.push(entry(3))).toBe('taken');
    expect(written).toEqual(['1', '3']);
    expect(store.calls.take).toBe(1);
  });

  it('reports a store that cannot be read, and waits to be woken', async () => {
    const { store, written, failures, replay, wake } = await setUp(2);
    const failure = new Error('unreadable');
    store.failures.take = failure;
    await wake();
    expect(failures).toEqual([failure]);
    expect(replay.isCaughtUp).toBe(false);
    expect(store.calls.take).toBe(1);
    store.failures.take = undefined;
    await wake();
    expect(written).toEqual(['1', '2']);
  });

  it('polls without making new messages wait, unless there are more', async () => {
    const { store, add, written, replay, wake } = await setUp(1);
    await wake();
    store.failures.take = new Error('unreadable');
    replay.poll();
    await settlePromises(50);
    expect(replay.isCaughtUp).toBe(true);
    store.failures.take = undefined;
    await add(2, 30);
    replay.poll();
    await settlePromises(50);
    expect(written).toHaveLength(REPLAY_WINDOW);
    expect(replay.isCaughtUp).toBe(false);
  });

  it('writes nothing after it has ended, and cannot be woken', async () => {
    const { store, written, failures, replay, wake } = await setUp(2);
    store.hold('take');
    await wake();
    replay.end();
    store.release('take');
    await settlePromises(50);
    await wake();
    expect(written).toEqual([]);
    expect(store.calls.take).toBe(1);
    expect(failures).toEqual([]);
  });

  it('stops in the middle of a page when it ends there', async () => {
    const { written, state, replay, wake } = await setUp(3);
    state.takes = () => {
      replay.end();
      return true;
    };
    await wake();
    expect(written).toEqual(['1']);
  });

  it('stays ended if the store fails afterwards', async () => {
    const { store, failures, replay, wake } = await setUp(2);
    store.hold('take');
    store.failures.take = new Error('unreadable');
    await wake();
    replay.end();
    store.release('take');
    await settlePromises(50);
    store.failures.take = undefined;
    await wake();
    expect(failures).toEqual([]);
    expect(store.calls.take).toBe(1);
  });
});
