import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, openBrowser } from '../testing/browser.js';
import { Program } from '../testing/program.js';
import { startServer } from '../testing/scene.js';

describe.skipIf(!hasBrowser)('the page of twenty lines', () => {
  let browser: Browser;
  let pages: Program;
  beforeAll(async () => {
    browser = await openBrowser();
    pages = new Program('browser-min/serve.mjs', { PORT: '0' });
  });
  afterAll(async () => {
    await browser.close();
    await pages.stop();
  });

  it('lets two people talk', async () => {
    const { server, webSocketUrl } = await startServer();
    const [address] = await pages.prints(/http:\S+\//);
    const open = async (user: string): Promise<Page> => {
      const page = await browser.newPage();
      await page.goto(`${address}?user=${user}&server=${encodeURIComponent(webSocketUrl)}`);
      await page.waitForFunction("document.title === 'online'");
      return page;
    };
    const [alice, bob] = [await open('alice'), await open('bob')];

    await say(alice, 'bob', 'hello 😀');
    await say(bob, 'alice', '你好');

    await alice.getByText('bob: 你好', { exact: true }).waitFor();
    await bob.getByText('alice: hello 😀', { exact: true }).waitFor();
    await alice.getByText('→ bob: hello 😀', { exact: true }).waitFor();
    await server.close();
  });

  it('has twenty lines', () => {
    const lines = readFileSync(new URL('index.html', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.length).toBeLessThanOrEqual(20);
  });
});

async function say(page: Page, to: string, text: string): Promise<void> {
  await page.getByLabel('to').fill(to);
  await page.getByLabel('text').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}
