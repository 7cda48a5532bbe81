import { describe, expect, it } from 'vitest';
import { hasBrowser } from '../../../examples/testing/browser.js';
import { Browsers, PHONE } from './browser.js';
import { Programs } from './served-page.js';

const BACKGROUND = 'getComputedStyle(document.documentElement).backgroundColor';
/** The color of the browser's frame on a phone. */
const FRAME = `[...document.querySelectorAll('meta[name=theme-color]')]
  .filter(({ media }) => matchMedia(media).matches).map(({ content }) => content)`;
const LIGHT = 'rgb(244, 245, 242)';
const DARK = 'rgb(22, 28, 28)';
/** Interactive elements without an accessible name. */
const NAMELESS = `[...document.querySelectorAll('button, a, input, textarea')].filter((element) => {
  const label = element.getAttribute('aria-label') ?? element.textContent ?? '';
  return label.trim() === '' && (element.labels?.length ?? 0) === 0;
}).map((element) => element.outerHTML)`;
/** Duplicate ids, and references to missing ids. */
const WRONG_IDS = `(() => {
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  const wanted = [...document.querySelectorAll('[aria-describedby], [aria-labelledby]')].flatMap((element) =>
    [element.getAttribute('aria-describedby'), element.getAttribute('aria-labelledby')].filter(Boolean))
    .flatMap((ids) => ids.split(' '));
  return [...twice, ...wanted.filter((id) => !ids.includes(id))];
})()`;
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

describe.skipIf(!hasBrowser)('the look of the chat page', () => {
  const programs = Programs.set();
  const browsers = Browsers.set();

  it('uses the browser’s language until another is chosen, and saves the choice', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page, { locale: 'zh-CN' });
    await alice.page.getByRole('button', { name: '登录' }).waitFor();
    expect(await alice.value('document.documentElement.lang')).toBe('zh-CN');
    await alice.page.getByText('English').click();
    await alice.page.getByRole('button', { name: 'Sign in' }).waitFor();
    await alice.page.reload();
    await alice.page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await alice.value('document.documentElement.lang')).toBe('en');
    await alice.logIn('alice');
    await alice.isOnline();
    await alice.page.getByRole('button', { name: /Connection and settings/ }).click();
    await alice.page.getByText('中文').click();
    await alice.page.getByText('往返延迟').waitFor();
  });

  it('follows the system’s theme until one is chosen', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page, { colorScheme: 'dark' });
    expect(await alice.value(BACKGROUND)).toBe(DARK);
    expect(await alice.value(FRAME)).toEqual(['#161c1c']);
    await alice.page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(() => alice.value(BACKGROUND)).toBe(LIGHT);
    await expect.poll(() => alice.value(FRAME)).toEqual(['#f4f5f2']);
    await alice.page.getByText('Dark', { exact: true }).click();
    await expect.poll(() => alice.value(BACKGROUND)).toBe(DARK);
    await expect.poll(() => alice.value(FRAME)).toEqual(['#161c1c']);
    await alice.page.reload({ waitUntil: 'commit' });
    await expect.poll(() => alice.value(BACKGROUND)).toBe(DARK);
  });

  it('shows the list or a conversation on a phone, supports the back button, and never overflows', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page, PHONE);
    expect(await alice.value(OVERFLOW)).toBe(0);
    await alice.logIn('alice');
    await alice.isOnline();
    await alice.openConversation(
      'somebody-with-a-very-long-name@a-department-of-a-large-company.example.com',
    );
    await alice.send('x'.repeat(400), 'https://example.com/'.repeat(20));
    expect(await alice.page.locator('.sidebar').isVisible()).toBe(false);
    expect(await alice.value(OVERFLOW)).toBe(0);
    await alice.page.goBack();
    await alice.page.locator('.sidebar').waitFor();
    expect(await alice.page.locator('.conversation').count()).toBe(0);
    expect(await alice.value(OVERFLOW)).toBe(0);
    await alice.page.goForward();
    await alice.page.getByRole('button', { name: 'Back to the list' }).click();
    await alice.page.locator('.sidebar').waitFor();
  });

  it('has accessible names and valid ids in every state', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    const check = async () => {
      expect(await alice.value(NAMELESS)).toEqual([]);
      expect(await alice.value(WRONG_IDS)).toEqual([]);
    };
    await check();
    await alice.logIn('');
    await alice.page.getByRole('alert').waitFor();
    await check();
    await alice.logIn('alice');
    await alice.isOnline();
    await check();
    await alice.openConversation('alice');
    await alice.send('hello');
    await alice.hasMark('hello', 'stored');
    await check();
    await alice.page.fill('#message-field', 'x'.repeat(70_000));
    await alice.page.getByRole('alert').waitFor();
    await check();
    await alice.page.fill('#message-field', '');
    await alice.page.getByRole('button', { name: 'Insert emoji' }).click();
    await check();
    await alice.page.keyboard.press('Escape');
    await alice.page.getByRole('button', { name: /Connection and settings/ }).click();
    await check();
    await alice.page.keyboard.press('Escape');
    await alice.page.getByRole('button', { name: 'Conversation options' }).click();
    await alice.page.getByRole('button', { name: 'Delete conversation' }).click();
    await alice.page.getByRole('alertdialog', { name: 'Delete the conversation with alice?' }).waitFor();
    expect(await alice.value('document.activeElement.textContent')).toBe('Cancel');
    await check();
    await alice.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await alice.page.getByText('No conversations yet').waitFor();
  });

  it('announces a received message to screen readers once', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    const bob = await programs.chat('bob', 'alice', server);
    bob.type('hello');
    const log = alice.page.getByRole('log');
    await log.getByText('bob: hello').waitFor();
    await alice.page.reload();
    await alice.isOnline();
    expect(await log.textContent()).toBe('');
  });
});
