import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CommandError } from '../../src/command-error.js';
import { type HealthPages, parseAddress, type Readiness, serveHealth } from '../../src/serve/serve-health.js';

describe('the health pages', () => {
  const opened: HealthPages[] = [];
  afterEach(() => {
    for (const pages of opened.splice(0)) pages.close();
  });

  const serve = async (readiness: () => Readiness, host = '127.0.0.1', port = 0): Promise<string> => {
    const pages = await serveHealth({ host, port }, readiness);
    opened.push(pages);
    return pages.url;
  };
  const get = async (url: string, method = 'GET') => {
    const response = await fetch(url, { method });
    return { status: response.status, text: await response.text() };
  };

  it.each([
    ['ready', 200],
    ['draining', 503],
    ['stopping', 503],
  ] as const)('say that the server is %s', async (status, code) => {
    const url = await serve(() => status);
    expect(await get(`${url}/readyz`)).toEqual({ status: code, text: `{"status":"${status}"}\n` });
    expect(await get(`${url}/readyz?from=balancer`)).toMatchObject({ status: code });
    expect(await get(`${url}/healthz`)).toEqual({ status: 200, text: '{"status":"ok"}\n' });
  });

  it('answer HEAD without a body, and refuse other methods and pages', async () => {
    const url = await serve(() => 'ready');
    expect(await get(`${url}/readyz`, 'HEAD')).toEqual({ status: 200, text: '' });
    expect(await get(`${url}/readyz`, 'POST')).toMatchObject({ status: 405 });
    expect(await get(`${url}/`)).toMatchObject({ status: 404 });
  });

  it('listen on IPv6', async () => {
    const url = await serve(() => 'ready', '::1');
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await get(`${url}/readyz`)).toMatchObject({ status: 200 });
  });

  it('survive a connection that the system could not accept', async () => {
    const url = await serve(() => 'ready');
    let server: Server | undefined;
    const onRequest = (request: unknown): void => {
      server = (request as { readonly server: Server }).server;
    };
    subscribe('http.server.request.start', onRequest);
    await get(`${url}/healthz`);
    unsubscribe('http.server.request.start', onRequest);
    expect(() => server?.emit('error', new Error('accept EMFILE'))).not.toThrow();
    expect(server).toBeDefined();
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 200 });
  });

  it('answer while others hold connections, and close the oldest beyond 16 of one address', async () => {
    const url = await serve(() => 'ready');
    const { port } = new URL(url);
    const held: Socket[] = [];
    let closed = 0;
    for (let count = 0; count < 64; count += 1) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      socket.on('close', () => {
        closed += 1;
      });
      await once(socket, 'connect');
      socket.write('GET /readyz HTTP/1.1\r\n');
      held.push(socket);
    }
    // Far below the time-outs of the held connections.
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1000) });
    expect(response.status).toBe(200);
    await expect.poll(() => closed).toBe(49);
    for (const socket of held) socket.destroy();
  });

  it('say which flag chooses another port when theirs is taken', async () => {
    const { port } = new URL(await serve(() => 'ready'));
    const failed = serve(() => 'ready', '127.0.0.1', Number(port));
    await expect(failed).rejects.toThrow(CommandError);
    await expect(failed).rejects.toMatchObject({ advice: expect.stringContaining('--admin') });
  });
});

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:8100', { host: '127.0.0.1', port: 8100 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:8100', { host: 'localhost', port: 8100 }],
    ['8100', undefined],
    [':8100', undefined],
    ['::1:8100', undefined],
    ['127.0.0.1:65536', undefined],
    ['127.0.0.1:', undefined],
  ])('parses %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });
});
