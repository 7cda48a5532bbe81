import { describe, expect, it } from 'vitest';
import { Scene, TRANSPORTS } from './scene.js';

const scene = Scene.set();

const pairs = TRANSPORTS.flatMap((first) => TRANSPORTS.map((second) => ({ first, second })));

describe.each(pairs)('a user on $first who logs in on $second', ({ first, second }) => {
  it('is kicked out on $first when the login is of another client', async () => {
    const old = await scene.user('twin', first);
    const newcomer = scene.offlineUser(old.userId, second);
    await newcomer.client.login({ userId: old.userId, token: 'tok' });
    expect(await old.reports.first(({ kind }) => kind === 'kicked', 'kick-out')).toMatchObject({ code: 1 });
    const carol = await scene.user('carol', 'tcp');
    await carol.client.send({ to: old.userId, content: 'which one are you?' });
    await newcomer.message('which one are you?');
    expect(old.messages).toEqual([]);
    expect([old.client.state, newcomer.client.state]).toEqual(['idle', 'online']);
    expect(scene.harness.count('offline', { user: old.userId })).toBe(0);
  });

  it('replaces the session without a kick-out when the login is of the same client', async () => {
    const userId = scene.name('twin');
    const [old, again] = [await scene.raw(first), await scene.raw(second)];
    const firstLoginTime = await old.login(userId);
    expect(await again.login(userId, firstLoginTime)).toBe(firstLoginTime);
    if (first !== 'udp') await old.closed();
    scene.harness.command({ cmd: 's2c', to: userId, text: 'to the new one', fp: `new-${userId}` });
    expect(await again.packet(2)).toMatchObject({ dataContent: 'to the new one' });
    expect([old.count(54), again.count(54)]).toEqual([0, 0]);
    expect(scene.harness.count('offline', { user: userId })).toBe(0);
  });

  it('is kicked out on $second when the login is of a client that has missed its kick-out', async () => {
    const userId = scene.name('twin');
    const [stays, stale] = [await scene.raw(first), await scene.raw(second)];
    await stays.login(userId);
    await stale.login(userId, 1000);
    expect(await stale.packet(54)).toMatchObject({ dataContent: '{"code":1}', to: userId });
    if (second !== 'udp') await stale.closed();
    scene.harness.command({ cmd: 's2c', to: userId, text: 'still there?', fp: `old-${userId}` });
    expect(await stays.packet(2)).toMatchObject({ dataContent: 'still there?' });
    expect(scene.harness.count('offline', { user: userId })).toBe(0);
  });
});
