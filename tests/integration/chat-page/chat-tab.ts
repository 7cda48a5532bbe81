import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Logged by Chromium when a WebSocket cannot be opened; the page cannot prevent it. */
const FAILED_SOCKET = /^WebSocket connection to '.*' failed/;

/** Loaded by Chromium at a time of its own, perhaps when the server has been stopped. */
const ICON = /\/icon\.svg$/;

/** A tab with the chat page. Records errors, dialogs and requests to other hosts. */
export class ChatTab {
  readonly page: Page;
  readonly #origin: string;
  readonly #problems: string[] = [];

  constructor(page: Page, url: string) {
    this.page = page;
    this.#origin = new URL(url).origin;
    page.on('console', (message) => {
      const text = message.text();
      const { url: place } = message.location();
      if (!['error', 'warning'].includes(message.type())) return;
      if (!FAILED_SOCKET.test(text) && !ICON.test(place)) this.#problems.push(`console: ${text} (${place})`);
    });
    page.on('pageerror', (error) => this.#problems.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      this.#problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== this.#origin) this.#problems.push(`request: ${request.url()}`);
    });
    page.on('websocket', (socket) => {
      const { hostname } = new URL(socket.url());
      if (hostname !== new URL(url).hostname) this.#problems.push(`WebSocket: ${socket.url()}`);
    });
  }

  /** Asserts that there was no console error, no request to another host and no dialog. */
  expectNoProblems(): void {
    expect(this.#problems).toEqual([]);
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

  /** Clicks "Retry now", unless the page reconnects before. */
  async retriesNow(): Promise<void> {
    const button = this.page.getByRole('button', { name: 'Retry now' });
    const pressed = button.click({ timeout: 60_000 }).catch(() => {});
    await Promise.race([pressed, this.isOnline()]);
    await this.isOnline();
  }

  /** Opens a conversation by entering the user id. */
  async openConversation(peer: string): Promise<void> {
    await this.page.fill('#search-field', peer);
    await this.page.press('#search-field', 'Enter');
    await this.page.waitForSelector('#message-field');
  }

  async send(...texts: readonly string[]): Promise<void> {
    for (const text of texts) {
      await this.page.fill('#message-field', text);
      await this.page.press('#message-field', 'Enter');
    }
  }

  /** The message with this text. */
  message(text: string): Locator {
    return this.page.locator('.message', { has: this.page.getByText(text, { exact: true }) });
  }

  /** Waits until an outgoing message has this delivery mark. */
  async hasMark(text: string, mark: 'waiting' | 'sending' | 'stored' | 'received' | 'failed'): Promise<void> {
    await this.message(text).locator(`.delivery-${mark}`).waitFor();
  }

  async shows(text: string): Promise<void> {
    await this.message(text).first().waitFor();
  }

  /** The texts of all messages, in order. */
  async texts(): Promise<string[]> {
    return await this.page.locator('.message-text').allInnerTexts();
  }

  /** The value of an expression in the page. */
  async value<Value>(expression: string): Promise<Value> {
    return await this.page.evaluate<Value>(expression);
  }
}
