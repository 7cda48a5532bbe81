import { settlePromises } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import type { AppendResult, StoredMessage } from '../src/ports/message-store.js';
import { StoreWriter } from '../src/storage/store-writer.js';
import { ControlledStore } from './support/controlled-store.js';

function stored(fingerprint: string, to = 'bob'): StoredMessage {
  return { to, from: 'alice', fingerprint, body: 'body', acceptedAt: 0 };
}

function setUp() {
  const store = new ControlledStore();
  const errors: unknown[] = [];
  const writer = new StoreWriter(store, (error) => errors.push(error));
  const answers: [string, AppendResult | undefined][] = [];
  const append = (fingerprint: string, to?: string) =>
    writer.append(stored(fingerprint, to), (result) => answers.push([fingerprint, result]));
  return { store, errors, writer, answers, append };
}

describe('StoreWriter', () => {
  it('appends in one call what came together, and answers each in order', async () => {
    const { store, answers, append } = setUp();
    for (const fingerprint of ['1', '2', '1']) append(fingerprint);
    expect(store.calls.append).toBe(0);
    await settlePromises(20);
    expect(store.calls.append).toBe(1);
    expect(answers).toEqual([
      ['1', { outcome: 'stored', id: 1, position: 1 }],
      ['2', { outcome: 'stored', id: 2, position: 2 }],
      ['1', { outcome: 'duplicate', id: 1, position: 1 }],
    ]);
  });

  it('has one append pending at a time, and collects what comes meanwhile', async () => {
    const { store, append } = setUp();
    store.hold('append');
    append('1');
    await settlePromises(20);
    append('2');
    append('3');
    await settlePromises(20);
    expect(store.calls.append).toBe(1);
    store.release('append');
    await settlePromises(20);
    expect(store.appended.map((batch) => batch.map(({ fingerprint }) => fingerprint))).toEqual([
      ['1'],
      ['2', '3'],
    ]);
  });

  it('appends at most 2048 messages in one call', async () => {
    const { store, answers, append } = setUp();
    for (let i = 0; i < 5000; i++) append(`${i}`);
    await settlePromises(50);
    expect(store.appended.map(({ length }) => length)).toEqual([2048, 2048, 904]);
    expect(answers).toHaveLength(5000);
  });

  it('answers undefined when the store fails, reports the error once and continues', async () => {
    const { store, errors, answers, append } = setUp();
    const failure = new Error('disk full');
    store.failures.append = failure;
    append('1');
    append('2');
    await settlePromises(20);
    store.failures.append = undefined;
    append('1');
    await settlePromises(20);
    expect(errors).toEqual([failure]);
    expect(answers).toEqual([
      ['1', undefined],
      ['2', undefined],
      ['1', { outcome: 'stored', id: 1, position: 1 }],
    ]);
  });

  it('treats a missing result of the store as a failure', async () => {
    const { store, answers, append } = setUp();
    store.append = (messages) =>
      Promise.resolve(messages.slice(1).map((): AppendResult => ({ outcome: 'stored', id: 1, position: 1 })));
    append('1');
    append('2');
    await settlePromises(20);
    expect(answers).toEqual([
      ['1', { outcome: 'stored', id: 1, position: 1 }],
      ['2', undefined],
    ]);
  });

  it('counts appends that the store has not answered, by user', async () => {
    const { store, writer, append } = setUp();
    store.hold('append');
    append('1');
    await settlePromises(20);
    append('2');
    append('3', 'carol');
    expect([writer.pendingFor('bob'), writer.pendingFor('carol'), writer.pendingFor('dave')]).toEqual([
      2, 1, 0,
    ]);
    store.release('append');
    await settlePromises(20);
    expect([writer.pendingFor('bob'), writer.pendingFor('carol')]).toEqual([0, 0]);
  });

  it('does not count a message any more when it is answered', async () => {
    const { store, writer } = setUp();
    const pending: number[] = [];
    writer.append(stored('1'), () => pending.push(writer.pendingFor('bob')));
    writer.append(stored('2'), () => pending.push(writer.pendingFor('bob')));
    await settlePromises(20);
    expect(pending).toEqual([1, 0]);
    expect(store.calls.append).toBe(1);
  });

  it('confirms in one call what came together, of all users', async () => {
    const { store, writer, append } = setUp();
    for (const fingerprint of ['1', '2', '3']) append(fingerprint);
    append('4', 'carol');
    await settlePromises(20);
    writer.confirm('bob', 1);
    writer.confirm('carol', 1);
    writer.confirm('bob', 3);
    await settlePromises(20);
    expect(store.calls.confirm).toBe(1);
    expect(await store.waiting('bob')).toEqual(['2']);
    expect(await store.waiting('carol')).toEqual([]);
  });

  it('reports what it is confirming until the store has answered', async () => {
    const { store, writer, append } = setUp();
    append('1');
    await settlePromises(20);
    expect(writer.isConfirming('bob', 1)).toBe(false);
    store.hold('confirm');
    writer.confirm('bob', 1);
    expect(writer.isConfirming('bob', 1)).toBe(true);
    await settlePromises(20);
    expect(writer.isConfirming('bob', 1)).toBe(true);
    expect(writer.isConfirming('carol', 1)).toBe(false);
    store.release('confirm');
    await settlePromises(20);
    expect(writer.isConfirming('bob', 1)).toBe(false);
  });

  it('sends the confirmations of all users in one call', async () => {
    const { store, errors, writer, append } = setUp();
    append('1');
    append('2', 'carol');
    await settlePromises(20);
    writer.confirm('bob', 1);
    writer.confirm('carol', 1);
    await settlePromises(20);
    expect(store.calls.confirm).toBe(1);
    expect(errors).toEqual([]);
    expect([await store.waiting('bob'), await store.waiting('carol')]).toEqual([[], []]);
  });

  it('keeps the confirmations of all users when a call fails, and reports it once', async () => {
    const { store, errors, writer, append } = setUp();
    append('1');
    append('2', 'carol');
    await settlePromises(20);
    const failure = new Error('disk full');
    store.failures.confirm = failure;
    writer.confirm('bob', 1);
    writer.confirm('carol', 1);
    await settlePromises(20);
    expect(errors).toEqual([failure]);
    expect([writer.isConfirming('bob', 1), writer.isConfirming('carol', 1)]).toEqual([true, true]);
  });

  it('keeps confirmations that failed until resume', async () => {
    const { store, writer, append } = setUp();
    for (const fingerprint of ['1', '2', '3']) append(fingerprint);
    await settlePromises(20);
    const calls: [StoreWriter, string][] = [];
    writer.onRest((which, after) => calls.push([which, after]));
    store.failures.confirm = new Error('disk full');
    writer.confirm('bob', 1);
    await settlePromises(20);
    expect(calls).toEqual([[writer, 'failure']]);
    expect(writer.isConfirming('bob', 1)).toBe(true);
    expect(store.calls.confirm).toBe(1);
    store.failures.confirm = undefined;
    writer.resume();
    await settlePromises(20);
    expect(await store.waiting('bob')).toEqual(['2', '3']);
    expect(writer.isConfirming('bob', 1)).toBe(false);
    writer.resume();
    await settlePromises(20);
    expect(store.calls.confirm).toBe(2);
  });

  it('rests between two calls, and then sends everything that was collected', async () => {
    const { store, writer, append } = setUp();
    for (let i = 1; i <= 10; i++) append(`${i}`);
    await settlePromises(20);
    const rests: string[] = [];
    writer.onRest((_writer, after) => rests.push(after));
    for (let id = 1; id <= 10; id++) {
      writer.confirm('bob', id);
      await settlePromises(20);
    }
    expect([store.calls.confirm, rests]).toEqual([1, ['success']]);
    expect(writer.isConfirming('bob', 10)).toBe(true);
    writer.resume();
    await settlePromises(20);
    expect(store.calls.confirm).toBe(2);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('ends the rest when a thousand confirmations were collected', async () => {
    const { store, writer } = setUp();
    writer.onRest(() => {});
    for (let id = 0; id <= 1000; id++) {
      writer.confirm('bob', id);
      if (id === 0) await settlePromises(20);
    }
    await settlePromises(20);
    expect(store.calls.confirm).toBe(2);
  });

  it('sends everything without a rest when it is asked to become idle', async () => {
    const { store, writer, append } = setUp();
    for (const fingerprint of ['1', '2']) append(fingerprint);
    await settlePromises(20);
    writer.onRest(() => {});
    writer.confirm('bob', 1);
    await settlePromises(20);
    writer.confirm('bob', 2);
    await writer.idle();
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('sends confirmations that failed again with the next ones', async () => {
    const { store, writer, append } = setUp();
    for (const fingerprint of ['1', '2', '3']) append(fingerprint);
    await settlePromises(20);
    store.failures.confirm = new Error('disk full');
    writer.confirm('bob', 1);
    await settlePromises(20);
    store.failures.confirm = undefined;
    writer.confirm('bob', 2);
    await settlePromises(20);
    expect(await store.waiting('bob')).toEqual(['3']);
  });

  it('is idle when the store has answered everything', async () => {
    const { store, writer, append } = setUp();
    await writer.idle();
    store.hold('append');
    store.hold('confirm');
    append('1');
    writer.confirm('bob', 7);
    let isIdle = false;
    const idle = writer.idle().then(() => {
      isIdle = true;
    });
    await settlePromises(20);
    store.release('append');
    await settlePromises(20);
    expect(isIdle).toBe(false);
    store.release('confirm');
    await idle;
  });
});
