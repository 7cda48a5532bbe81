import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { openBrowser } from '../../../examples/testing/browser.js';
import { ChatTab } from './chat-tab.js';

export const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  hasTouch: true,
  isMobile: true,
};

/** One browser for the tests of a file, with isolated contexts for the users of each test. */
export class Browsers {
  #browser: Browser | undefined;
  #tabs: ChatTab[] = [];

  /**
   * Starts the browser before the tests of the calling file, and closes it after them. Call it after `Programs.set`: what is
   * set last ends first, and a tab that outlives its server reports failed requests.
   */
  static set(): Browsers {
    const browsers = new Browsers();
    beforeAll(async () => {
      browsers.#browser = await openBrowser();
    });
    afterEach(() => browsers.#clear());
    afterAll(async () => {
      await browsers.#browser?.close();
    });
    return browsers;
  }

  /** Opens the chat page in a new context, as a separate user. */
  async open(url: string, options: BrowserContextOptions = {}): Promise<ChatTab> {
    if (this.#browser === undefined) throw new Error('the browser has not been started');
    const context = await this.#browser.newContext({ locale: 'en-GB', ...options });
    return await this.tabBeside(context, url);
  }

  /** Opens another tab in the same context. */
  async tabBeside(context: Awaited<ReturnType<Browser['newContext']>>, url: string): Promise<ChatTab> {
    const tab = new ChatTab(await context.newPage(), url);
    this.#tabs.push(tab);
    await tab.page.goto(url);
    return tab;
  }

  async #clear(): Promise<void> {
    const tabs = this.#tabs;
    this.#tabs = [];
    try {
      for (const tab of tabs) tab.expectNoProblems();
    } finally {
      await Promise.all(tabs.map(({ page }) => page.context().close()));
    }
  }
}
