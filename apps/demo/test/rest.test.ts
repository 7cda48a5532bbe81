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
  ])('are taken %s', async (_name, call) => {
    const demo = await start();
    const response = await call(`${demo.url}/api/loginConnect`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ outcome: 'logged-in', userId: 'ann' });
  });

  it('take a number in JSON for its digits', async () => {
    const demo = await start();
    const answer = await demo.request('loginConnect', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"username":10001}',
    });
    expect(answer.body).toMatchObject({ userId: '10001' });
  });

  it.each([
    ['that are missing', {}, ['username is missing']],
    ['that are empty', { username: '' }, ['username must not be empty']],
    ['that are nobody’s name', { username: '0' }, ['username "0" and "-1" are nobody’s']],
    ['that do not exist', { username: 'ann', pasword: 'x' }, ['pasword does not exist']],
    ['that are too long', { username: 'x'.repeat(257) }, ['username must not be longer than 256 characters']],
  ])('are refused with their names: %s', async (_name, parameters, problems) => {
    const demo = await start();
    const answer = await demo.post('loginConnect', parameters);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'ERR_INVALID_REQUEST', message: problems.join('; ') },
    });
  });

  it.each([
    ['a parameter that is given twice', 'loginConnect?username=a&username=b', undefined, '', 400],
    ['JSON that breaks off', 'loginConnect', 'application/json', '{"user', 400],
    ['JSON that is no object', 'loginConnect', 'application/json', '[1]', 400],
    ['plain text', 'loginConnect', 'text/plain', 'username=a', 400],
    ['a body of another type', 'loginConnect', 'application/xml', '<a/>', 415],
    ['a type that is no number', 'sendMsg?friendId=a&msg=b&type=x', undefined, '', 400],
    ['a type that is empty', 'sendMsg?friendId=a&msg=b&type=', undefined, '', 400],
    ['a type that is null', 'sendMsg?friendId=a&msg=b', 'application/json', '{"type":null}', 400],
    ['a type that is a list', 'sendMsg?friendId=a&msg=b', 'application/json', '{"type":[]}', 400],
    ['a type beyond 32 bits', 'sendMsg?friendId=a&msg=b&type=2147483648', undefined, '', 400],
    [
      'a number whose digits are lost',
      'loginConnect',
      'application/json',
      '{"username":12345678901234567890}',
      400,
    ],
    ['a number that is no whole one', 'loginConnect', 'application/json', '{"username":1e400}', 400],
    ['a body beyond a megabyte', 'sendMsg', 'application/json', `{"msg":"${'x'.repeat(1_100_000)}"}`, 413],
  ])('are refused: %s', async (_name, path, contentType, body, status) => {
    const demo = await start();
    const headers = contentType === undefined ? {} : { 'content-type': contentType };
    const answer = await demo.request(path, { method: 'POST', headers, body });
    expect(answer.status).toBe(status);
    expect(answer.body['code']).toMatch(/^ERR_/);
  });

  it('are refused with the first problems alone where there are very many', async () => {
    const demo = await start();
    const query = Array.from({ length: 500 }, (_, n) => `k${n}=1`).join('&');
    const answer = await demo.request(`online?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body['problems']).toHaveLength(20);
  });

  it.each([
    ['cannot be decoded', '/api/%ff', 400, 'ERR_INVALID_REQUEST'],
    ['climbs out of the files', '/swagger-ui/../../../../etc/passwd', 404, 'ERR_NOT_FOUND'],
  ])('are answered with a code at a path that %s', async (_name, path, status, code) => {
    const demo = await start();
    expect(await demo.rawGet(path)).toMatchObject({ status, body: { code } });
    expect(demo.log.filter((line) => line.includes('    at '))).toEqual([]);
  });

  it('answer an unknown path with a code too', async () => {
    const demo = await start();
    expect(await demo.request('nothing')).toMatchObject({ status: 404, body: { code: 'ERR_NOT_FOUND' } });
  });
});

describe('several users in the program', () => {
  it('must say who sends, and each can', async () => {
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

  it('are listed, with those who came from outside', async () => {
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

  it('log out one by one, once', async () => {
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

  it('are kicked out by a second login of the same name, which then sends', async () => {
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

  it('are not logged in here any more once the same name logs in elsewhere', async () => {
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

  it('are as many as allowed', async () => {
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
  it('sends from the server, and stores for who is offline', async () => {
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

  it('says so where nobody stores', async () => {
    const demo = await start({ IMCORE_STORE: 'none' });
    expect(await demo.post('push', { userId: 'ben', msg: 'news' })).toMatchObject({
      status: 409,
      body: { code: 'ERR_UNDELIVERABLE' },
    });
  });

  it('shows why a message waits for a receiver whose transport cannot carry it', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    const pushed = await demo.post('push', { userId: 'ann', msg: 'x'.repeat(7_000) });
    expect(pushed.body).toMatchObject({ outcome: 'stored' });
    const { details } = await demo.event(({ event }) => event === 'tooLarge');
    expect(details).toMatchObject({ to: 'ann', maxBytes: 6144, transport: 'tcp' });
  });

  it('is answered when a user writes to the server itself', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    expect((await demo.post('sendMsg', { friendId: '0', msg: 'ping' })).body).toMatchObject({
      outcome: 'received',
    });
    const taken = await demo.event(({ event }) => event === 'onServerMessage');
    expect(taken.details).toMatchObject({ from: 'ann', content: 'ping', transport: 'tcp' });
  });
});
