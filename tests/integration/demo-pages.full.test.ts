import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasBrowser, openBrowser } from '../../examples/testing/browser.js';
import { DemoScene } from './demo-scene.js';

describe.skipIf(!hasBrowser)('the demo in a browser', () => {
  let scene: DemoScene;
  beforeEach(async () => {
    scene = await DemoScene.open();
  });
  afterEach(() => scene.close());

  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  /** Tries out an endpoint on the Swagger page with the default values. Returns the response. */
  async function tryOut(page: Page, operation: string): Promise<string> {
    const block = page.locator(`#operations-clients-ClientsController_${operation}`);
    await block.locator('.opblock-summary-control').click();
    await block.locator('.try-out__btn').click();
    await block.locator('.execute').click();
    return (
      (await block.locator('.live-responses-table .response-col_description pre').first().textContent()) ?? ''
    );
  }

  it('serves a Swagger page without requests to other origins, which can try both endpoints of the tutorial', async () => {
    await scene.start();
    const page = await browser.newPage();
    const origins = new Set<string>();
    const pageErrors: string[] = [];
    page.on('request', (request) => {
      if (/^(http|ws)/.test(request.url())) origins.add(new URL(request.url()).origin);
    });
    page.on('pageerror', (error) => pageErrors.push(error.message));
    await page.goto(`${scene.url}/swagger-ui.html`);
    expect(JSON.parse(await tryOut(page, 'loginConnect'))).toMatchObject({
      outcome: 'logged-in',
      userId: 'admin',
    });
    expect(JSON.parse(await tryOut(page, 'sendMsg'))).toMatchObject({ outcome: 'received', to: 'admin' });
    expect([...origins]).toEqual([scene.url]);
    expect(pageErrors).toEqual([]);
    await page.close();
  });

  it('connects a user of the chat page with a user that is controlled over REST', async () => {
    const demo = await scene.start();
    const page = await browser.newPage();
    await page.goto(scene.url);
    await page.locator('[name=userId]').fill('bob');
    await page.locator('button[type=submit]').click();
    await demo.says('[server] online userId="bob" transport="websocket"');
    await scene.post('loginConnect', { username: 'admin' });
    const sent = await scene.post('sendMsg', { friendId: 'bob', msg: 'Hello from REST 你好' });
    expect(sent).toMatchObject({ outcome: 'stored' });
    await page.getByText('Hello from REST 你好').first().click();
    await page.locator('textarea').fill('Hello from the page 😀');
    await page.keyboard.press('Enter');
    await demo.says('[client admin] message from="bob" content="Hello from the page 😀"');
    await page.close();
  });
});
