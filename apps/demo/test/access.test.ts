import { connect } from 'node:net';
import { ImServer } from '@imcore/server';
import { describe, expect, it } from 'vitest';
import { demos } from './running-demo.js';

const start = demos();

describe('REST', () => {
  it('requires the API key, if one is set', async () => {
    const demo = await start({ IMCORE_API_KEY: 'open sesame' });
    expect(await demo.request('online')).toMatchObject({ status: 401, body: { code: 'ERR_API_KEY' } });
    const wrong = { 'x-api-key': 'open sesam!' };
    expect(await demo.request('online', { headers: wrong })).toMatchObject({ status: 401 });
    expect((await demo.request('online', { headers: { 'x-api-key': 'open sesame' } })).status).toBe(200);
  });

  it.each([
    ['another website', { origin: 'https://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a page without an origin', { origin: 'null' }],
    ['a browser that reports a cross-site request', { 'sec-fetch-site': 'cross-site' }],
  ])('rejects requests from %s', async (_name, headers) => {
    const demo = await start();
    const response = await demo.post('loginConnect', { username: 'ann' }, headers);
    expect(response).toMatchObject({ status: 403, body: { code: 'ERR_FOREIGN_ORIGIN' } });
  });

  it('counts the sockets of its pages for the limits of the server', async () => {
    const demo = await start();
    const before = demo.application.get(ImServer).metrics()['socketsWithoutLogin'] ?? 0;
    const { hostname, port } = new URL(demo.url);
    const socket = connect(Number(port), hostname);
    try {
      socket.write('GET / HTTP/1.1\r\n');
      await expect
        .poll(() => demo.application.get(ImServer).metrics()['socketsWithoutLogin'])
        .toBe(before + 1);
    } finally {
      socket.destroy();
    }
  });

  it("accepts requests from the program's own page", async () => {
    const demo = await start();
    expect((await demo.post('loginConnect', { username: 'ann' }, { origin: demo.url })).status).toBe(200);
  });

  it.each(['127.0.0.1', '0.0.0.0'])('rejects a public host name without a key on %s', async (httpHost) => {
    const demo = await start({ IMCORE_HTTP_HOST: httpHost });
    const headers = { host: 'evil.example' };
    expect(await demo.rawGet('/api/online', headers)).toMatchObject({
      status: 403,
      body: { code: 'ERR_FOREIGN_ORIGIN' },
    });
    const key = { ...headers, 'x-api-key': 'sesame' };
    const closed = await start({ IMCORE_HTTP_HOST: httpHost, IMCORE_API_KEY: 'sesame' });
    expect(await closed.rawGet('/api/online', key)).toMatchObject({ status: 200 });
    expect(await closed.rawGet('/api/online', headers)).toMatchObject({ status: 401 });
  });

  it.each(['192.168.0.7:8080', '[fe80::1]', 'my-machine:8080', 'my-machine.local'])(
    'accepts the local host name %s when it listens on all addresses',
    async (host) => {
      const demo = await start({ IMCORE_HTTP_HOST: '0.0.0.0' });
      expect((await demo.rawGet('/api/online', { host })).status).toBe(200);
    },
  );
});
