import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@imcore/client/node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasBrowser, openBrowser } from '../../examples/testing/browser.js';
import { freePorts, type Ports, type Running, startDemo, withPorts } from './demo-process.js';
import { blocksOf, shell, steady, stepsOf } from './documented-session.js';

describe('the demo', () => {
  let directory: string;
  let ports: Ports;
  let running: Running[];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'imcore-demo-'));
    ports = await freePorts();
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((demo) => demo.stop()));
    rmSync(directory, { recursive: true });
  });

  const start = async (environment?: Record<string, string>): Promise<Running> => {
    const demo = startDemo(directory, ports, environment);
    running.push(demo);
    await demo.says('Ctrl+C stops it.');
    return demo;
  };
  const url = () => `http://127.0.0.1:${ports.get('8080')}`;
  const post = async (path: string, parameters: Record<string, string>): Promise<unknown> => {
    const response = await fetch(`${url()}/api/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    return response.json();
  };

  it('prints commands that work as they are', async () => {
    const demo = await start();
    const commands = [...demo.output.matchAll(/^ {2}(curl .*)$/gm)].map(([, command]) => command ?? '');
    expect(commands).toHaveLength(3);
    const [login = '', send = '', events = ''] = commands;
    expect(await shell(login)).toContain('"result":"logged-in"');
    expect(await shell(send)).toContain('"result":"received"');
    expect(await shell(events)).toContain('event: delivered');
  });

  it.each(['README.md', 'README.zh-CN.md'])('answers as the session in %s shows', async (readme) => {
    await start();
    const steps = blocksOf(readme).flatMap(({ text }) => stepsOf(text));
    const ours = steps.filter(({ command }) => command.startsWith('curl '));
    expect(ours.length).toBeGreaterThanOrEqual(4);
    for (const { command, output } of ours) {
      expect(`${command}\n${steady(await shell(withPorts(command, ports)))}`).toBe(
        `${command}\n${steady(output)}`,
      );
    }
  });

  it('keeps messages for a user who is offline over its own end, and ends in order', async () => {
    const first = await start();
    await post('loginConnect', { username: 'admin' });
    expect(await post('sendMsg', { friendId: 'bob', msg: 'over the night' })).toMatchObject({
      result: 'stored',
    });
    await first.stop();
    expect(first.output).toContain('[client admin] state previous="online" current="closed"');
    await start();
    const bob = createClient({ url: `udp://127.0.0.1:${ports.get('7901')}` });
    const arrived = new Promise<string>((resolve) => bob.on('message', ({ content }) => resolve(content)));
    await bob.login({ userId: 'bob' });
    expect(await arrived).toBe('over the night');
    await bob.close();
  });

  it('says which port is taken, and ends', async () => {
    await start();
    const second = startDemo(directory, ports, { IMCORE_STORE: 'memory' });
    expect(await second.ended).toBe(1);
    expect(second.output).toMatch(/imcore demo: .* is taken by another program/);
  });

  it('says that another program has its store, and ends', async () => {
    await start();
    const second = startDemo(directory, await freePorts());
    expect(await second.ended).toBe(1);
    expect(second.output).toMatch(/^imcore demo: .*imcore-demo\.db is in use by another server/m);
  });

  it('ends at a setting that cannot be used', async () => {
    const demo = startDemo(directory, ports, { IMCORE_USERS: 'nonsense' });
    expect(await demo.ended).toBe(1);
    expect(demo.output).toContain('IMCORE_USERS cannot be used');
  });

  describe.skipIf(!hasBrowser)('in a browser', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await openBrowser();
    });
    afterAll(() => browser.close());

    /** Tries an endpoint on the Swagger page as it stands there, and returns what it answered. */
    async function tryOut(page: Page, operation: string): Promise<string> {
      const block = page.locator(`#operations-clients-ClientsController_${operation}`);
      await block.locator('.opblock-summary-control').click();
      await block.locator('.try-out__btn').click();
      await block.locator('.execute').click();
      return (
        (await block.locator('.live-responses-table .response-col_description pre').first().textContent()) ??
        ''
      );
    }

    it('shows the Swagger page without a request to elsewhere, and tries both endpoints of the tutorial', async () => {
      await start();
      const page = await browser.newPage();
      const origins = new Set<string>();
      const complaints: string[] = [];
      page.on('request', (request) => {
        if (/^(http|ws)/.test(request.url())) origins.add(new URL(request.url()).origin);
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`${url()}/swagger-ui.html`);
      expect(JSON.parse(await tryOut(page, 'loginConnect'))).toMatchObject({
        result: 'logged-in',
        userId: 'admin',
      });
      expect(JSON.parse(await tryOut(page, 'sendMsg'))).toMatchObject({ result: 'received', to: 'admin' });
      expect([...origins]).toEqual([url()]);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('lets a user of the chat page and one that REST drives talk', async () => {
      const demo = await start();
      const page = await browser.newPage();
      await page.goto(url());
      await page.locator('[name=userId]').fill('bob');
      await page.locator('button[type=submit]').click();
      await demo.says('[server] online userId="bob" transport="websocket"');
      await post('loginConnect', { username: 'admin' });
      const sent = await post('sendMsg', { friendId: 'bob', msg: 'Hello from REST 你好' });
      expect(sent).toMatchObject({ result: 'received' });
      await page.getByText('Hello from REST 你好').first().click();
      await page.locator('textarea').fill('Hello from the page 😀');
      await page.keyboard.press('Enter');
      await demo.says('[client admin] message from="bob" content="Hello from the page 😀"');
      await page.close();
    });
  });
});

describe('the package of the demo', () => {
  it('is what npm start runs, and the bare server what npm run start:server runs', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts).toMatchObject({
      build: 'node scripts/build.mjs',
      prestart: 'node scripts/build.mjs',
      start: 'node apps/demo/dist/main.js',
      'start:server': 'node packages/cli/bin/imcore.js serve --store imcore.db',
    });
  });
});
