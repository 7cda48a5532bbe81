import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** What Chromium itself writes when a WebSocket cannot be opened; the page can do nothing about it. */
const FAILED_SOCKET = /^WebSocket connection to '.*' failed/;

/** One tab with the chat page, and everything in it that should not be. */
export class ChatTab {
  readonly page: Page;
  readonly #origin: string;
  readonly #complaints: string[] = [];

  constructor(page: Page, url: string) {
    this.page = page;
    this.#origin = new URL(url).origin;
    page.on('console', (message) => {
      const text = message.text();
      if (['error', 'warning'].includes(message.type()) && !FAILED_SOCKET.test(text)) {
        this.#complaints.push(`console: ${text}`);
      }
    });
    page.on('pageerror', (error) => this.#complaints.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      this.#complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== this.#origin) this.#complaints.push(`request: ${request.url()}`);
    });
    page.on('websocket', (socket) => {
      const { hostname } = new URL(socket.url());
      if (hostname !== new URL(url).hostname) this.#complaints.push(`WebSocket: ${socket.url()}`);
    });
  }

  /** No error in the console, no request to elsewhere, no dialog: whatever the test was about. */
  expectNoComplaints(): void {
    expect(this.#complaints).toEqual([]);
  }

  async logIn(userId: string, { token, server }: { token?: string; server?: string } = {}): Promise<void> {
    await this.page.fill('[name=userId]', userId);
    if (token !== undefined) await this.page.fill('[name=token]', token);
    if (server !== undefined) await this.page.fill('[name=server]', server);
    await this.page.press('[name=userId]', 'Enter');
  }

  async isOnline(): Promise<void> {
    await this.page.waitForSelector('.account-state-online', { timeout: 60_000 });
  }

  /** Presses "Try now", unless the page comes back by itself before. */
  async triesNow(): Promise<void> {
    const button = this.page.getByRole('button', { name: 'Try now' });
    const pressed = button.click({ timeout: 60_000 }).catch(() => {});
    await Promise.race([pressed, this.isOnline()]);
    await this.isOnline();
  }

  /** Begins or goes on with the talk with somebody, by typing the user id. */
  async talkTo(peer: string): Promise<void> {
    await this.page.fill('#search-field', peer);
    await this.page.press('#search-field', 'Enter');
    await this.page.waitForSelector('#message-field');
  }

  async say(...texts: readonly string[]): Promise<void> {
    for (const text of texts) {
      await this.page.fill('#message-field', text);
      await this.page.press('#message-field', 'Enter');
    }
  }

  /** The message with this text, as soon as it is there. */
  message(text: string): Locator {
    return this.page.locator('.message', { has: this.page.getByText(text, { exact: true }) });
  }

  /** Waits until a message of one's own has come so far. */
  async hasMark(text: string, mark: 'waiting' | 'sent' | 'received' | 'failed'): Promise<void> {
    await this.message(text).locator(`.delivery-${mark}`).waitFor();
  }

  async shows(text: string): Promise<void> {
    await this.message(text).first().waitFor();
  }

  /** The texts of all messages that are there, in order. */
  async texts(): Promise<string[]> {
    return await this.page.locator('.message-text').allInnerTexts();
  }

  /** The value of an expression in the page. */
  async value<Value>(expression: string): Promise<Value> {
    return await this.page.evaluate<Value>(expression);
  }
}
