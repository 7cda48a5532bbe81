import { describe, expect, it } from 'vitest';
import { hasBrowser } from '../../../examples/testing/browser.js';
import { Browsers, PHONE } from './browser.js';
import { Programs } from './served-page.js';

const BACKGROUND = 'getComputedStyle(document.documentElement).backgroundColor';
/** What a phone draws around the page. */
const FRAME = `[...document.querySelectorAll('meta[name=theme-color]')]
  .filter(({ media }) => matchMedia(media).matches).map(({ content }) => content)`;
const LIGHT = 'rgb(244, 245, 242)';
const DARK = 'rgb(22, 28, 28)';
/** Things to act on that a screen reader could not name. */
const NAMELESS = `[...document.querySelectorAll('button, a, input, textarea')].filter((element) => {
  const label = element.getAttribute('aria-label') ?? element.textContent ?? '';
  return label.trim() === '' && (element.labels?.length ?? 0) === 0;
}).map((element) => element.outerHTML)`;
/** Ids that occur twice, and references to ids that do not exist. */
const WRONG_IDS = `(() => {
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  const wanted = [...document.querySelectorAll('[aria-describedby], [aria-labelledby]')].flatMap((element) =>
    [element.getAttribute('aria-describedby'), element.getAttribute('aria-labelledby')].filter(Boolean));
  return [...twice, ...wanted.filter((id) => !ids.includes(id))];
})()`;
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

describe.skipIf(!hasBrowser)('the look of the chat page', () => {
  const browsers = Browsers.set();
  const programs = Programs.set();

  it('speaks the language of the browser until another is chosen, and remembers that', async () => {
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
    await alice.page.getByText('往返时间').waitFor();
  });

  it('is light or dark as the system is, until one of them is chosen', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page, { colorScheme: 'dark' });
    expect(await alice.value(BACKGROUND)).toBe(DARK);
    expect(await alice.value(FRAME)).toEqual(['#161c1c']);
    await alice.page.emulateMedia({ colorScheme: 'light' });
    expect(await alice.value(BACKGROUND)).toBe(LIGHT);
    expect(await alice.value(FRAME)).toEqual(['#f4f5f2']);
    await alice.page.getByText('Dark', { exact: true }).click();
    await expect.poll(() => alice.value(BACKGROUND)).toBe(DARK);
    expect(await alice.value(FRAME)).toEqual(['#161c1c']);
    await alice.page.reload({ waitUntil: 'commit' });
    await expect.poll(() => alice.value(BACKGROUND)).toBe(DARK);
  });

  it('shows list or talk on a phone, goes back with the system’s button, and never wider than the screen', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page, PHONE);
    expect(await alice.value(OVERFLOW)).toBe(0);
    await alice.logIn('alice');
    await alice.isOnline();
    await alice.talkTo('somebody-with-a-very-long-name@a-department-of-a-large-company.example.com');
    await alice.say('x'.repeat(400), 'https://example.com/'.repeat(20));
    expect(await alice.page.locator('.sidebar').isVisible()).toBe(false);
    expect(await alice.value(OVERFLOW)).toBe(0);
    await alice.page.goBack();
    await alice.page.locator('.sidebar').waitFor();
    expect(await alice.page.locator('.talk').count()).toBe(0);
    expect(await alice.value(OVERFLOW)).toBe(0);
    await alice.page.goForward();
    await alice.page.getByRole('button', { name: 'Back to the list' }).click();
    await alice.page.locator('.sidebar').waitFor();
  });

  it('names everything that can be used, in every state', async () => {
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
    await alice.talkTo('alice');
    await alice.say('hello');
    await alice.hasMark('hello', 'received');
    await check();
    await alice.page.getByRole('button', { name: 'Insert an emoji' }).click();
    await check();
    await alice.page.keyboard.press('Escape');
    await alice.page.getByRole('button', { name: /Connection and settings/ }).click();
    await check();
    await alice.page.keyboard.press('Escape');
    await alice.page.getByRole('button', { name: 'More about this conversation' }).click();
    await alice.page.getByRole('button', { name: 'Delete conversation' }).click();
    await alice.page.getByRole('alertdialog', { name: 'Delete the conversation with alice?' }).waitFor();
    expect(await alice.value('document.activeElement.textContent')).toBe('Keep it');
    await check();
    await alice.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await alice.page.getByText('No conversations yet').waitFor();
  });

  it('tells a screen reader of a message once, when it comes', async () => {
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
