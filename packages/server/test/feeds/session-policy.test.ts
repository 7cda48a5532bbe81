import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/store-memory/memory-store.js';
import type { SessionPolicy } from '../../src/users/session-policy.js';
import { openBench } from '../support/bench.js';
import { offer, onlineDevice } from '../support/log-device.js';
import { login } from '../support/wire.js';

const openWith = (sessions: SessionPolicy) => openBench({ store: memoryStore(), sessions });

describe('the sessions of one user', () => {
  it('stay open beside each other by default', async () => {
    const bench = await openWith({});
    const phone = await bench.online('alice');
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    const tablet = await onlineDevice(bench, 'alice', 'tablet');
    expect([phone, laptop.peer, tablet.peer].map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
  });

  it('make room for one of the same kind, with a kick-out', async () => {
    const bench = await openWith({ policy: 'one-per-kind' });
    const phone = await bench.online('alice');
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    const desktop = bench.connect();
    desktop.write(login('alice', { x: { ...offer('desktop'), dev: { id: 'desktop', kind: 'desktop' } } }));
    const other = await onlineDevice(bench, 'alice', 'another browser');
    expect([phone, laptop.peer, desktop, other.peer].map(({ isClosed }) => isClosed)).toEqual([
      ...[false, true, false, false],
    ]);
    expect(laptop.peer.received).toMatchObject([{ type: 54, dataContent: '{"code":1}' }]);
    expect(bench.events.sessionEnded).toMatchObject([{ reason: 'kicked', kickCode: 1 }]);
  });

  it('are a single one, with the policy `one`', async () => {
    const bench = await openWith({ policy: 'one' });
    const phone = await bench.online('alice');
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    expect([phone.isClosed, laptop.peer.isClosed]).toEqual([true, false]);
    await bench.online('alice');
    expect(laptop.peer.isClosed).toBe(true);
    expect(bench.events.offline).toEqual([]);
  });

  it('of MobileIMSDK clients and of devices end each other if they are exclusive', async () => {
    const bench = await openWith({ v6: 'exclusive' });
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    const tablet = await onlineDevice(bench, 'alice', 'tablet');
    expect(laptop.peer.isClosed).toBe(false);
    await bench.online('alice');
    expect([laptop.peer.isClosed, tablet.peer.isClosed]).toEqual([true, true]);
  });

  it('are of so many devices, and the one that was away the longest makes room', async () => {
    const bench = await openWith({ maxDevices: 2 });
    const first = await onlineDevice(bench, 'alice', 'first');
    first.peer.destroy();
    await bench.advance(1000);
    await onlineDevice(bench, 'alice', 'second');
    await onlineDevice(bench, 'alice', 'third');
    expect(bench.events.deviceRemoved).toMatchObject([{ userId: 'alice', device: { id: 'first' } }]);
    expect((await bench.server.devices.list('alice')).map(({ id }) => id)).toEqual(['second', 'third']);
  });

  it.each([
    [
      { policy: 'two' },
      'option sessions.policy must be one of many, one-per-kind, one, got the string "two"',
    ],
    [{ v6: 'never' }, 'option sessions.v6 must be one of beside, exclusive'],
    [{ maxDevices: 0 }, 'option sessions.maxDevices must be a whole number 1 or more, got 0'],
    [{ maximum: 3 }, 'option sessions.maximum does not exist'],
  ])('have options that are checked: %j', async (sessions, problem) => {
    await expect(openWith(sessions as SessionPolicy)).rejects.toThrow(problem);
  });
});
