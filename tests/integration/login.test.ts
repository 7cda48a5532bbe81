import { describe, expect, it } from 'vitest';
import { Scene, TRANSPORTS } from './scene.js';

const scene = Scene.set();

describe.each(TRANSPORTS)('a login over %s', (transport) => {
  it('is accepted, and passes on the client’s extra data', async () => {
    const alice = scene.offlineUser(scene.name('alice'), transport);
    const { firstLoginTime } = await alice.client.login({
      userId: alice.userId,
      token: 'tok',
      extra: '{"附":"加"}',
    });
    const expected = { user: alice.userId, extra: '{"附":"加"}', via: transport };
    await scene.harness.event('verify', { ...expected, token: 'tok', code: 0 });
    await scene.harness.event('online', { ...expected, firstLoginTime });
    expect(alice.client.state).toBe('online');
  });

  it('is rejected with the application’s code', async () => {
    const mallory = scene.offlineUser(scene.name('mallory'), transport);
    await expect(mallory.client.login({ userId: mallory.userId, token: 'bad' })).rejects.toMatchObject({
      code: 'ERR_LOGIN_REJECTED',
      serverCode: 1025,
    });
    await scene.harness.event('verify', { user: mallory.userId, token: 'bad', code: 1025, via: transport });
    expect(scene.harness.count('online', { user: mallory.userId })).toBe(0);
    expect(mallory.client.state).toBe('idle');
  });

  it('ends with a logout', async () => {
    const alice = await scene.user('alice', transport);
    await alice.client.logout();
    await scene.harness.event('offline', { user: alice.userId, kickCode: -1, via: transport });
  });

  it('ends with a kick-out by an administrator', async () => {
    const bob = await scene.user('bob', transport);
    scene.harness.command({ cmd: 'kick', user: bob.userId, code: 2, reason: '违规 "rules"' });
    await scene.harness.event('kick-sent', { user: bob.userId, ok: true });
    const kicked = await bob.reports.first(({ kind }) => kind === 'kicked', 'kick-out');
    expect(kicked).toMatchObject({ code: 2, reason: '违规 "rules"' });
    await scene.harness.event('offline', { user: bob.userId, kickCode: 2, via: transport });
    expect(bob.client.state).toBe('idle');
  });

  it('adds the user to the list of online users', async () => {
    const alice = await scene.user('alice', transport);
    scene.harness.command({ cmd: 'online' });
    const list = await scene.harness.events.next(({ ev }) => ev === 'online-list', 'list');
    expect(list['users']).toContain(alice.userId);
  });
});
