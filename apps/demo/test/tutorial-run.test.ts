import type { ImClient, Message } from '@imcore/client/node';
import { ImServer } from '@imcore/server';
import { describe, expect, it } from 'vitest';
import { connectTcp } from '../../../packages/server/test/support/sockets.js';
import { login } from '../../../packages/server/test/support/wire.js';
import { demos, type RunningDemo } from './running-demo.js';

const start = demos();
const USERS = { IMCORE_USERS: 'admin:123456,bob:secret' };
const admin = { username: 'admin', password: '123456' };

/** The callbacks of a user that have run, in order, as `side event`. */
async function callbacks(demo: RunningDemo, user: string): Promise<string[]> {
  return (await demo.events(user)).map(({ side, event }) => `${side} ${event}`);
}

function nextMessage(client: ImClient): Promise<Message> {
  return new Promise((resolve) => client.on('message', resolve));
}

describe('the program of the tutorial', () => {
  it('logs admin in, sends to admin itself, and shows every callback', async () => {
    const demo = await start(USERS);
    expect(await demo.post('loginConnect', admin)).toEqual({
      status: 200,
      body: { outcome: 'logged-in', userId: 'admin', transport: 'tcp', firstLoginTime: expect.any(Number) },
    });
    const sent = await demo.post('sendMsg', { friendId: 'admin', msg: '你好 😀' });
    expect(sent).toEqual({
      status: 200,
      body: { outcome: 'received', from: 'admin', to: 'admin', fingerprint: expect.any(String) },
    });
    expect((await callbacks(demo, 'admin')).filter((line) => !line.endsWith(' state'))).toEqual([
      'server authenticate',
      'server online',
      'client login',
      'server authorizeMessage',
      'client message',
      'server received',
      'server delivered',
      'client delivered',
    ]);
    const { fingerprint } = sent.body;
    const [arrival] = (await demo.events('admin')).filter(({ event }) => event === 'message');
    expect(arrival?.details).toEqual({ from: 'admin', content: '你好 😀', type: -1, fingerprint });
    expect(demo.log).toContain(
      `[client admin] message from="admin" content="你好 😀" type=-1 fingerprint="${String(fingerprint)}"`,
    );
  });

  it.each(['udp', 'websocket'] as const)('reaches a second user who is on %s', async (transport) => {
    const demo = await start(USERS);
    await demo.post('loginConnect', admin);
    const bob = demo.client(transport);
    await bob.login({ userId: 'bob', token: 'secret' });
    const arrived = nextMessage(bob);
    const sent = await demo.post('sendMsg', { friendId: 'bob', msg: 'across', type: '7' });
    expect(sent.body).toMatchObject({ outcome: 'received', to: 'bob' });
    expect(await arrived).toMatchObject({ from: 'admin', content: 'across', type: 7 });
    expect(await callbacks(demo, 'bob')).toEqual(
      expect.arrayContaining(['server authorizeMessage', 'server received', 'server delivered']),
    );
    await bob.close();
  });

  it('stores for a user who is offline, notifies, and delivers at the login', async () => {
    const demo = await start(USERS);
    await demo.post('loginConnect', admin);
    const sent = await demo.post('sendMsg', { friendId: 'bob', msg: 'later' });
    expect(sent).toMatchObject({ status: 200, body: { outcome: 'stored', to: 'bob' } });
    await demo.event(({ event, users }) => event === 'onStored' && users.includes('bob'));
    expect((await demo.post('loginConnect', { username: 'bob', password: 'secret' })).status).toBe(200);
    const delivered = await demo.event(({ event, users }) => event === 'delivered' && users.includes('bob'));
    expect(delivered.details).toMatchObject({ from: 'admin', to: 'bob', content: 'later' });
    expect(demo.log.filter((line) => line.startsWith('[client bob] message'))).toHaveLength(1);
  });

  it("returns the server's code for a wrong password", async () => {
    const demo = await start(USERS);
    const rejected = await demo.post('loginConnect', { username: 'admin', password: 'wrong' });
    expect(rejected).toMatchObject({ status: 401, body: { code: 'ERR_LOGIN_REJECTED', serverCode: 1025 } });
    expect(await callbacks(demo, 'admin')).toEqual(
      expect.arrayContaining(['server authenticate', 'client rejected']),
    );
    expect(demo.log.join('\n')).not.toContain('wrong');
    expect((await demo.request('online')).body).toEqual({ count: 0, users: [] });
  });

  it('rejects a sender who is not logged in', async () => {
    const demo = await start(USERS);
    const message = { friendId: 'admin', msg: 'hello' };
    expect(await demo.post('sendMsg', message)).toMatchObject({
      status: 409,
      body: { code: 'ERR_NOT_LOGGED_IN' },
    });
    await demo.post('loginConnect', admin);
    expect(await demo.post('sendMsg', { ...message, from: 'bob' })).toMatchObject({
      status: 409,
      body: { code: 'ERR_NOT_LOGGED_IN' },
    });
  });

  it('rejects a message that is too large for TCP before it is sent, and shows it as undelivered', async () => {
    const demo = await start(USERS);
    await demo.post('loginConnect', admin);
    const sent = await demo.post('sendMsg', { friendId: 'admin', msg: 'x'.repeat(6144) });
    expect(sent).toMatchObject({ status: 413, body: { code: 'ERR_TOO_LARGE' } });
    const [undelivered] = (await demo.events('admin')).filter(({ event }) => event === 'undelivered');
    expect(undelivered).toMatchObject({ side: 'client', details: { code: 'ERR_TOO_LARGE' } });
    expect((await demo.post('sendMsg', { friendId: 'admin', msg: 'still online' })).status).toBe(200);
  });

  it('reports an undeliverable message without a store', async () => {
    const demo = await start({ ...USERS, IMCORE_STORE: 'none' });
    await demo.post('loginConnect', admin);
    const sent = await demo.post('sendMsg', { friendId: 'bob', msg: 'never delivered' });
    expect(sent).toMatchObject({ status: 504, body: { code: 'ERR_NOT_ACKNOWLEDGED' } });
    expect(await callbacks(demo, 'admin')).toEqual(
      expect.arrayContaining(['server onUndeliverable', 'server undelivered', 'client undelivered']),
    );
  });

  it('reports a message of the server that was never acknowledged', async () => {
    const demo = await start({ ...USERS, IMCORE_STORE: 'none' });
    const mute = await connectTcp(demo.portOf('tcp'));
    mute.write(login('bob', { loginToken: 'secret' }));
    await demo.event(({ event, users }) => event === 'online' && users.includes('bob'));
    const pushed = await demo.post('push', { userId: 'bob', msg: 'are you there?' });
    expect(pushed).toMatchObject({ status: 504, body: { code: 'ERR_NOT_ACKNOWLEDGED' } });
    const lost = await demo.event(({ side, event }) => side === 'server' && event === 'lost');
    expect(lost.details).toMatchObject({ userId: 'bob', fingerprints: [expect.any(String)] });
    mute.socket.destroy();
  });

  it('reports a lost link of a client', async () => {
    const demo = await start(USERS);
    await demo.post('loginConnect', admin);
    await demo.application.get(ImServer).close();
    const lost = await demo.event(({ side, event }) => side === 'client' && event === 'linkLost');
    expect(lost.users).toEqual(['admin']);
    const [waiting] = (await demo.events('admin')).filter(({ details }) => details['current'] === 'waiting');
    expect(waiting).toMatchObject({ side: 'client', event: 'state' });
  });
});
