import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, openBrowser } from '../../examples/testing/browser.js';
import { canRunDev, DevRun } from './dev-run.js';

const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

describe.skipIf(!hasBrowser || !canRunDev)('the page of imcore dev', { timeout: 60_000 }, () => {
  let browser: Browser | undefined;
  let dev: DevRun | undefined;
  beforeAll(async () => {
    [browser, dev] = await Promise.all([openBrowser(), DevRun.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await dev?.stop();
  });

  async function open(width: number): Promise<{ readonly page: Page; readonly problems: string[] }> {
    if (browser === undefined || dev === undefined) throw new Error('not started');
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(dev?.url ?? '')) problems.push(`asks for ${request.url()}`);
    });
    await page.goto(dev.url);
    return { page, problems };
  }

  it('kills a node and shows 0 missing, and fits a phone', async () => {
    const { page, problems } = await open(1280);
    await page.getByRole('button', { name: 'Start messages' }).click();
    const bob = page.getByLabel('Chat of bob');
    await bob.getByText('node 2', { exact: false }).waitFor();
    await bob.getByText('message 3', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Kill -9, node 2' }).click();
    await page.getByText('dead: kill -9').waitFor();
    await bob.getByText('node 3', { exact: false }).waitFor();
    await page.getByText(/^\d\d:\d\d:\d\d 0 missing: all \d+ acknowledged messages were received$/).waitFor();
    await page.getByPlaceholder('Write as alice').fill('did you notice?');
    await page.keyboard.press('Enter');
    await bob.getByText('did you notice?', { exact: true }).waitFor();
    expect(await page.locator('#missing').textContent()).toBe('0');
    expect(problems).toEqual([]);

    const phone = await open(390);
    await phone.page.getByRole('button', { name: 'Start, node 2' }).waitFor();
    expect(await phone.page.evaluate(OVERFLOW)).toBe(0);
    expect(phone.problems).toEqual([]);
  });
});
