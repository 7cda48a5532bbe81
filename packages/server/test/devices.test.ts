import { describe, expect, it } from 'vitest';
import type { LoginAttempt } from '../src/hooks.js';
import { type Bench, openBench, START_TIME } from './support/bench.js';
import { acknowledgement, message } from './support/wire.js';

/** A server whose users name their device in `extra`, and alice online without one. */
async function setUp() {
  const hooks = { authenticate: ({ extra }: LoginAttempt) => ({ accept: true as const, deviceId: extra }) };
  const bench = await openBench({ hooks });
  const alice = await bench.online('alice');
  return { bench, alice };
}

function loginBob(bench: Bench, device: string, firstLoginTime = 0) {
  return bench.online('bob', 'tcp', { extra: device, firstLoginTime });
}

describe('a user with two devices', () => {
  it('gets messages on both, and the first one online must acknowledge them', async () => {
    const { bench, alice } = await setUp();
    const phone = await loginBob(bench, 'phone');
    const desktop = await loginBob(bench, 'desktop');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(phone.received).toMatchObject([{ type: 2, fp: 'fp-1' }]);
    expect(desktop.received).toMatchObject([{ type: 2, fp: 'fp-1' }]);
    desktop.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toEqual([]);
    phone.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });

  it('can acknowledge a copy without being reported', async () => {
    const { bench, alice } = await setUp();
    await loginBob(bench, 'phone');
    const desktop = await loginBob(bench, 'desktop');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    desktop.write(acknowledgement('bob', 'alice', 'fp-1'));
    expect(bench.events.rejected).toEqual([]);
    expect(bench.metric('unknownAcknowledgements')).toBe(0);
  });

  it('gets the acknowledgement on the device that sent the message', async () => {
    const { bench, alice } = await setUp();
    const phone = await loginBob(bench, 'phone');
    const desktop = await loginBob(bench, 'desktop');
    desktop.write(message('bob', 'alice', 'hello', 'fp-1'));
    alice.write(acknowledgement('alice', 'bob', 'fp-1'));
    desktop.write(message('bob', '0', 'hello', 'fp-2'));
    expect(desktop.received).toMatchObject([
      { type: 4, dataContent: 'fp-1', from: 'alice' },
      { type: 4, dataContent: 'fp-2', from: '0' },
    ]);
    desktop.write(message('bob', 'alice', 'hello', 'fp-1'));
    expect(desktop.received).toHaveLength(3);
    expect(phone.received).toEqual([]);
  });

  it('gets the acknowledgement on a device that reconnected meanwhile', async () => {
    const { bench, alice } = await setUp();
    const phone = await loginBob(bench, 'phone');
    const desktop = await loginBob(bench, 'desktop');
    desktop.write(message('bob', 'alice', 'hello', 'fp-1'));
    desktop.leave();
    await bench.settle();
    const again = await loginBob(bench, 'desktop');
    alice.write(acknowledgement('alice', 'bob', 'fp-1'));
    expect(again.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(phone.received).toEqual([]);
  });

  it('is kicked out on a device where another client logs in, and stays online on the other', async () => {
    const { bench } = await setUp();
    const phone = await loginBob(bench, 'phone');
    const desktop = await loginBob(bench, 'desktop');
    await loginBob(bench, 'phone');
    expect(phone.received).toMatchObject([{ type: 54, dataContent: '{"code":1}' }]);
    expect([phone.isClosed, desktop.isClosed]).toEqual([true, false]);
    expect(bench.events.sessionEnded).toMatchObject([
      { session: { deviceId: 'phone' }, reason: 'replaced', kickCode: 1 },
    ]);
    expect(bench.events.offline).toEqual([]);
  });

  it('is not kicked out on a device whose client reconnects', async () => {
    const { bench } = await setUp();
    const phone = await loginBob(bench, 'phone', START_TIME);
    await loginBob(bench, 'phone', START_TIME);
    expect(phone.received).toEqual([]);
    expect(phone.isClosed).toBe(true);
    expect(bench.events.sessionEnded).toMatchObject([{ reason: 'replaced', kickCode: -1 }]);
  });
});
