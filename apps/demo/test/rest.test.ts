import { describe, expect, it } from 'vitest';
import { demos } from './running-demo.js';

const start = demos();

describe('the parameters of REST', () => {
  it.each([
    [
      'form-encoded',
      (url: string) => fetch(url, { method: 'POST', body: new URLSearchParams({ username: 'ann' }) }),
    ],
    ['in the query', (url: string) => fetch(`${url}?username=ann`, { method: 'POST' })],
    [
      'as JSON',
      (url: string) =>
        fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username: 'ann' }),
        }),
    ],
  ])('are accepted %s', async (_name, call) => {
    const demo = await start();
    const response = await call(`${demo.url}/api/loginConnect`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ outcome: 'logged-in', userId: 'ann' });
  });

  it('can be numbers in JSON', async () => {
    const demo = await start();
    const response = await demo.request('loginConnect', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"username":10001}',
    });
    expect(response.body).toMatchObject({ userId: '10001' });
  });

  it.each([
    ['missing', {}, ['username is missing']],
    ['empty', { username: '' }, ['username must not be empty']],
    ['reserved', { username: '0' }, ['username must not be "0" or "-1", which are reserved user IDs']],
    ['unknown', { username: 'ann', pasword: 'x' }, ['pasword does not exist']],
    ['too long', { username: 'x'.repeat(257) }, ['username must not be longer than 256 characters']],
  ])('are rejected with their names if they are %s', async (_name, parameters, problems) => {
    const demo = await start();
    const response = await demo.post('loginConnect', parameters);
    expect(response).toMatchObject({
      status: 400,
      body: { code: 'ERR_INVALID_REQUEST', message: problems.join('; ') },
    });
  });

  it.each([
    ['a parameter that is given twice', 'loginConnect?username=a&username=b', undefined, '', 400],
    ['incomplete JSON', 'loginConnect', 'application/json', '{"user', 400],
    ['JSON that is not an object', 'loginConnect', 'application/json', '[1]', 400],
    ['plain text', 'loginConnect', 'text/plain', 'username=a', 400],
    ['a body of another type', 'loginConnect', 'application/xml', '<a/>', 415],
    ['a type that is not a number', 'sendMsg?friendId=a&msg=b&type=x', undefined, '', 400],
    ['a type that is empty', 'sendMsg?friendId=a&msg=b&type=', undefined, '', 400],
    ['a type that is null', 'sendMsg?friendId=a&msg=b', 'application/json', '{"type":null}', 400],
    ['a type that is a list', 'sendMsg?friendId=a&msg=b', 'application/json', '{"type":[]}', 400],
    ['a type beyond 32 bits', 'sendMsg?friendId=a&msg=b&type=2147483648', undefined, '', 400],
    [
      'a number that JavaScript cannot represent exactly',
      'loginConnect',
      'application/json',
      '{"username":12345678901234567890}',
      400,
    ],
    ['a number that is not a whole number', 'loginConnect', 'application/json', '{"username":1e400}', 400],
    ['a body beyond a megabyte', 'sendMsg', 'application/json', `{"msg":"${'x'.repeat(1_100_000)}"}`, 413],
  ])('are rejected: %s', async (_name, path, contentType, body, status) => {
    const demo = await start();
    const headers = contentType === undefined ? {} : { 'content-type': contentType };
    const response = await demo.request(path, { method: 'POST', headers, body });
    expect(response.status).toBe(status);
    expect(response.body['code']).toMatch(/^ERR_/);
  });

  it('are rejected with a limited number of problems', async () => {
    const demo = await start();
    const query = Array.from({ length: 500 }, (_, n) => `k${n}=1`).join('&');
    const response = await demo.request(`online?${query}`);
    expect(response.status).toBe(400);
    expect(response.body['problems']).toHaveLength(20);
  });

  it.each([
    ['cannot be decoded', '/api/%ff', 400, 'ERR_INVALID_REQUEST'],
    ['leaves the served folder', '/swagger-ui/../../../../etc/passwd', 404, 'ERR_NOT_FOUND'],
  ])('lead to an error with a code for a path that %s', async (_name, path, status, code) => {
    const demo = await start();
    expect(await demo.rawGet(path)).toMatchObject({ status, body: { code } });
    expect(demo.log.filter((line) => line.includes('    at '))).toEqual([]);
  });

  it('lead to an error with a code for an unknown path', async () => {
    const demo = await start();
    expect(await demo.request('nothing')).toMatchObject({ status: 404, body: { code: 'ERR_NOT_FOUND' } });
  });
});

describe('several users inside the program', () => {
  it('require "from", and each can send', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    await demo.post('loginConnect', { username: 'ben' });
    const message = { friendId: 'ann', msg: 'hello' };
    expect(await demo.post('sendMsg', message)).toMatchObject({
      status: 409,
      body: { code: 'ERR_SENDER_AMBIGUOUS', loggedIn: ['ann', 'ben'] },
    });
    expect((await demo.post('sendMsg', { ...message, from: 'ben' })).body).toMatchObject({ from: 'ben' });
  });

  it('are listed together with other users', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ben' });
    const ann = demo.client('udp');
    await ann.login({ userId: 'ann' });
    expect((await demo.request('online')).body).toMatchObject({
      count: 2,
      users: [
        { userId: 'ann', transport: 'udp', insideProgram: false },
        { userId: 'ben', transport: 'tcp', insideProgram: true },
      ],
    });
    await ann.close();
  });

  it('can log out once each', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    expect((await demo.post('logout', { username: 'ann' })).body).toEqual({
      outcome: 'logged-out',
      userId: 'ann',
    });
    expect(await demo.post('logout', { username: 'ann' })).toMatchObject({
      status: 409,
      body: { code: 'ERR_NOT_LOGGED_IN' },
    });
    await demo.event(({ side, event }) => side === 'server' && event === 'offline');
    expect((await demo.request('online')).body).toMatchObject({ count: 0 });
  });

  it('are kicked out by a second login of the same user, which can then send', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    await demo.post('loginConnect', { username: 'ann' });
    await demo.event(
      ({ side, event, details }) => side === 'client' && event === 'kicked' && details['code'] === 1,
    );
    expect((await demo.request('online')).body).toMatchObject({ count: 1 });
    expect((await demo.post('sendMsg', { friendId: 'ann', msg: 'me' })).body).toMatchObject({
      outcome: 'received',
    });
  });

  it('are no longer logged in here when the same user logs in elsewhere', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    const elsewhere = demo.client('websocket');
    await elsewhere.login({ userId: 'ann' });
    await demo.event(({ side, event }) => side === 'client' && event === 'kicked');
    expect(await demo.post('sendMsg', { friendId: 'x', msg: 'me' })).toMatchObject({
      status: 409,
      body: { code: 'ERR_NOT_LOGGED_IN' },
    });
    await elsewhere.close();
  });

  it('are limited in number', async () => {
    const demo = await start({ IMCORE_MAX_CLIENTS: '1' });
    await demo.post('loginConnect', { username: 'ann' });
    expect(await demo.post('loginConnect', { username: 'ben' })).toMatchObject({
      status: 503,
      body: { code: 'ERR_TOO_MANY_CLIENTS' },
    });
    expect((await demo.post('loginConnect', { username: 'ann' })).status).toBe(200);
  });
});

describe('push', () => {
  it('sends from the server, and stores for users who are offline', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    expect((await demo.post('push', { userId: 'ann', msg: 'news' })).body).toMatchObject({
      outcome: 'received',
    });
    expect((await demo.post('push', { userId: 'ben', msg: 'news' })).body).toMatchObject({
      outcome: 'stored',
    });
    const arrival = await demo.event(({ event }) => event === 'message');
    expect(arrival.details).toMatchObject({ from: '0', content: 'news' });
  });

  it('reports an offline receiver without a store', async () => {
    const demo = await start({ IMCORE_STORE: 'none' });
    expect(await demo.post('push', { userId: 'ben', msg: 'news' })).toMatchObject({
      status: 409,
      body: { code: 'ERR_UNDELIVERABLE' },
    });
  });

  it('reports a message that is stored because it is too large for the transport of the receiver', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    const pushed = await demo.post('push', { userId: 'ann', msg: 'x'.repeat(7_000) });
    expect(pushed.body).toMatchObject({ outcome: 'stored' });
    const { details } = await demo.event(({ event }) => event === 'tooLarge');
    expect(details).toMatchObject({ to: 'ann', maxBytes: 6144, transport: 'tcp' });
  });

  it('can be answered: a user sends a message to the server itself', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    expect((await demo.post('sendMsg', { friendId: '0', msg: 'ping' })).body).toMatchObject({
      outcome: 'received',
    });
    const taken = await demo.event(({ event }) => event === 'onServerMessage');
    expect(taken.details).toMatchObject({ from: 'ann', content: 'ping', transport: 'tcp' });
  });
});
