import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatPageConfig, chatPage } from '../src/chat-page.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('chatPage', () => {
  let directory: string;
  let server: Server;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'imcore-page-'));
    mkdirSync(join(directory, 'assets'));
    writeFileSync(join(directory, 'index.html'), '<!doctype html><title>imcore</title>');
    writeFileSync(join(directory, 'icon.svg'), '<svg/>');
    writeFileSync(join(directory, 'assets', 'index-4f.js'), 'const text = "a";\n'.repeat(100));
    writeFileSync(join(directory, '..', 'beside-the-page.txt'), 'secret');
  });

  afterEach(() => {
    server?.close();
    rmSync(directory, { recursive: true });
  });

  const serve = async (config: Partial<ChatPageConfig> = {}): Promise<void> => {
    const page = chatPage({ webSocket: { port: 3000 }, directory, ...config });
    server = createServer((request, response) => {
      if (!page(request, response)) response.writeHead(404).end('left alone');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  };

  /** Requests a path unchanged; `fetch` would normalize it. */
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      httpRequest({ port, path, headers, method }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) });
        });
      })
        .on('error', reject)
        .end();
    });

  it('serves the page, with revalidation on each request', async () => {
    await serve();
    const { status, headers, body } = await ask('/');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cache-control']).toBe('no-cache');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(String(body)).toContain('<title>imcore</title>');
    expect((await ask('/?from=mail')).body).toEqual(body);
  });

  it('lets files with a hash in their name be cached permanently', async () => {
    await serve();
    const { headers } = await ask('/assets/index-4f.js');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect((await ask('/icon.svg')).headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'image/svg+xml',
    });
  });

  it('answers 304 for a matching ETag, and 200 when the file has changed', async () => {
    await serve();
    const { headers } = await ask('/');
    const tag = String(headers.etag);
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    const again = await ask('/', { 'if-none-match': `"other", W/${tag}` });
    expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, tag]);
    expect((await ask('/', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('compresses for browsers that accept gzip, with a separate ETag', async () => {
    await serve();
    const plain = await ask('/assets/index-4f.js');
    const gzipped = await ask('/assets/index-4f.js', { 'accept-encoding': 'br;q=1.0, gzip;q=0.8' });
    expect(gzipped.headers['content-encoding']).toBe('gzip');
    expect(gzipped.headers.vary).toBe('accept-encoding');
    expect(gunzipSync(gzipped.body)).toEqual(plain.body);
    expect(gzipped.headers.etag).not.toBe(plain.headers.etag);
    const refused = await ask('/assets/index-4f.js', { 'accept-encoding': 'gzip;q=0, identity' });
    expect(refused.headers['content-encoding']).toBeUndefined();
  });

  it('answers HEAD like GET without a body, and rejects other methods', async () => {
    await serve();
    const { status, headers, body } = await ask('/', {}, 'HEAD');
    expect([status, body.length]).toEqual([200, 0]);
    expect(Number(headers['content-length'])).toBeGreaterThan(0);
    const post = await ask('/', {}, 'POST');
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it.each([
    '/nothing.js',
    '/../beside-the-page.txt',
    '/assets/../../beside-the-page.txt',
    '/%2e%2e/beside-the-page.txt',
    '/assets/..%2f..%2fbeside-the-page.txt',
    '/assets\\..\\..\\beside-the-page.txt',
    '//beside-the-page.txt',
    '/assets',
    '/__proto__',
  ])('does not handle %s', async (path) => {
    await serve();
    const { status, body } = await ask(path);
    expect([status, String(body)]).toEqual([404, 'left alone']);
  });

  it('serves the configuration without caching', async () => {
    await serve({ webSocket: { port: 3100, path: '/im', secure: true }, tokenRequired: true });
    const { headers, body } = await ask('/config.json');
    expect(headers['cache-control']).toBe('no-store');
    expect(JSON.parse(String(body))).toEqual({
      webSocket: { port: 3100, path: '/im', secure: true },
      tokenRequired: true,
      otherServers: false,
    });
  });

  it('can be served under a base path, with a redirect to it', async () => {
    await serve({ basePath: '/chat/' });
    expect((await ask('/chat/')).status).toBe(200);
    expect((await ask('/chat/config.json')).status).toBe(200);
    expect((await ask('/chat')).headers.location).toBe('/chat/');
    expect((await ask('/')).status).toBe(404);
    expect(() => chatPage({ webSocket: { port: 1 }, directory, basePath: 'chat' })).toThrow('basePath');
  });

  it('throws if the page is not built', () => {
    expect(() => chatPage({ webSocket: { port: 1 }, directory: join(directory, 'assets') })).toThrow(
      'build it with npm run build',
    );
  });

  describe('the policy of the page', () => {
    const connectSources = async (host: string): Promise<string | undefined> => {
      const policy = String((await ask('/', { host })).headers['content-security-policy']);
      return /connect-src ([^;]*)/.exec(policy)?.[1]?.trim();
    };

    it('allows only its own origin, no framing and no inline scripts', async () => {
      await serve();
      const policy = String((await ask('/')).headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
    });

    it('allows WebSockets to the host that served it', async () => {
      await serve();
      expect(await connectSources('im.example.com:8080')).toBe(
        "'self' ws://im.example.com:* wss://im.example.com:*",
      );
      expect(await connectSources('127.0.0.1')).toBe("'self' ws://127.0.0.1:* wss://127.0.0.1:*");
    });

    it('ignores invalid host headers', async () => {
      await serve();
      expect(await connectSources("evil.example; script-src 'unsafe-inline'")).toBe("'self'");
      expect(await connectSources('*')).toBe("'self'");
    });

    it('allows only the configured server if there is one', async () => {
      await serve({ webSocket: { url: 'wss://im.example.com/websocket' } });
      expect(await connectSources('pages.example.com')).toBe("'self' wss://im.example.com");
    });

    it('allows all servers with otherServers', async () => {
      await serve({ otherServers: true });
      expect(await connectSources('im.example.com')).toBe("'self' ws: wss:");
    });
  });
});
