import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, openBrowser } from '../testing/browser.js';
import { startServer, until } from '../testing/scene.js';

/** Packages in the place of React's. */
const PREACT = {
  react: 'preact/compat',
  'react-dom': 'preact/compat',
  'react-dom/client': 'preact/compat/client',
  'react/jsx-runtime': 'preact/jsx-runtime',
};

describe.skipIf(!hasBrowser).each([
  ['React', {}],
  ['Preact', PREACT],
])('the chat with %s', (_name, alias) => {
  let browser: Browser;
  let pages: Server;
  beforeAll(async () => {
    browser = await openBrowser();
    pages = await servePage(await bundlePage(alias));
  });
  afterAll(async () => {
    await browser.close();
    pages.close();
  });

  it('lets two users talk, follows the connection and ends with the page', async () => {
    const { server, webSocketUrl } = await startServer();
    const online: string[] = [];
    const offline: string[] = [];
    server.on('online', ({ userId }) => online.push(userId));
    server.on('offline', ({ userId }) => offline.push(userId));
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    const { port } = pages.address() as AddressInfo;

    await page.goto(`http://127.0.0.1:${port}/?server=${encodeURIComponent(webSocketUrl)}`);
    await page.getByRole('status').filter({ hasText: 'online' }).nth(1).waitFor();
    for (const [user, text] of [
      ['alice', 'hello'],
      ['bob', '你好'],
    ] as const) {
      const section = page.getByRole('region', { name: user });
      await section.getByLabel(`${user} writes`).fill(text);
      await section.getByRole('button').click();
    }

    await page.getByRole('region', { name: 'bob' }).getByText('alice: hello').waitFor();
    await page.getByRole('region', { name: 'alice' }).getByText('bob: 你好').waitFor();
    expect(online.sort()).toEqual(['alice', 'bob']);
    expect(errors.filter((text) => !text.includes('favicon'))).toEqual([]);
    await page.close();
    await until(() => offline.length === 2);
    await server.close();
  });
});

/** The page as one file. */
async function bundlePage(alias: Record<string, string>): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('src/main.jsx', import.meta.url))],
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    write: false,
    outdir: '.',
    define: { 'process.env.NODE_ENV': '"development"' },
    alias,
  });
  return outputFiles[0]?.text ?? '';
}

async function servePage(script: string): Promise<Server> {
  const html =
    '<!doctype html><meta charset="utf-8"><div id="app"></div><script type="module" src="/main.js"></script>';
  const server = createServer(({ url }, response) => {
    const isScript = url === '/main.js';
    response.setHeader('content-type', `${isScript ? 'text/javascript' : 'text/html'}; charset=utf-8`);
    response.end(isScript ? script : html);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}
