import { describe, expect, it } from 'vitest';
import { hasBrowser } from '../../../examples/testing/browser.js';
import { Browsers, PHONE } from './browser.js';
import { Programs } from './served-page.js';

/** An IndexedDB that takes a second to read the conversation list, and returns it as it was at the start. */
const LATE_LIST = `
  const getAll = IDBObjectStore.prototype.getAll;
  IDBObjectStore.prototype.getAll = function (...query) {
    const request = getAll.apply(this, query);
    if (this.name !== 'conversations') return request;
    const late = {};
    request.onsuccess = () => setTimeout(() => {
      late.result = request.result;
      late.onsuccess();
    }, 1_000);
    return late;
  };
`;

describe.skipIf(!hasBrowser)('the chat page', () => {
  const programs = Programs.set();
  const browsers = Browsers.set();

  it('exchanges messages between two pages and a terminal', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    const bob = await browsers.open(server.page);
    await alice.logIn('alice');
    await bob.logIn('bob');
    await Promise.all([alice.isOnline(), bob.isOnline()]);
    const carol = await programs.chat('carol', 'alice', server);

    await alice.openConversation('bob');
    await alice.send('hello 你好 😀');
    await alice.hasMark('hello 你好 😀', 'stored');
    await bob.openConversation('alice');
    await bob.shows('hello 你好 😀');
    await bob.send('hello yourself');
    await alice.shows('hello yourself');

    carol.type('hello from a terminal');
    await carol.says('✓ to alice: hello from a terminal');
    await alice.openConversation('carol');
    await alice.shows('hello from a terminal');
    await alice.send('welcome');
    await carol.says('  alice: welcome\n');
    expect(await alice.texts()).toEqual(['hello from a terminal', 'welcome']);
  });

  it('counts unread messages in the list and in the title', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    const bob = await programs.chat('bob', 'alice', server);
    bob.type('one');
    bob.type('two');
    await bob.says('✓ to alice: two');
    await alice.page.locator('.badge', { hasText: '2' }).waitFor();
    await expect.poll(() => alice.page.title()).toBe('(2) imcore');
    await alice.page.getByRole('button', { name: /bob/ }).click();
    await alice.page.getByText('2 new messages').waitFor();
    expect(await alice.page.locator('.badge').count()).toBe(0);
    await expect.poll(() => alice.page.title()).toBe('imcore');
  });

  it('adds messages that arrive while the list is loading', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    const bob = await programs.chat('bob', 'alice', server);
    bob.type('one');
    await alice.page.locator('.badge', { hasText: '1' }).waitFor();
    await alice.openConversation('carol');
    await alice.page.addInitScript(LATE_LIST);
    await alice.page.goto('about:blank');
    bob.type('two');
    await bob.says('✓ to alice: two');
    await alice.page.goto(server.page);
    await alice.page.locator('.badge', { hasText: '2' }).waitFor();
    await expect.poll(() => alice.page.title()).toBe('(2) imcore');
  });

  it('keeps messages and drafts over a reload, and loads older messages on scrolling up', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    const bob = await programs.chat('bob', 'alice', server);
    const said = Array.from({ length: 100 }, (_, index) => `line ${index + 1}`);
    for (const line of said) bob.type(line);
    await alice.page.locator('.badge', { hasText: '99+' }).waitFor();
    await alice.openConversation('bob');
    await alice.shows('line 100');
    await alice.page.fill('#message-field', 'half a sen');
    await alice.page.reload();
    await alice.shows('line 100');
    expect(await alice.page.inputValue('#message-field')).toBe('half a sen');
    expect((await alice.texts()).length).toBeLessThan(100);
    while (!(await alice.texts()).includes('line 1')) {
      const before = (await alice.texts()).length;
      await alice.page.press('.messages', 'Home');
      const count = async () => (await alice.texts()).length;
      await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(before);
    }
    expect(await alice.texts()).toEqual(said);
  });

  it('sends with Enter, adds a line with Shift+Enter, and ignores Enter of an input method', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    await alice.openConversation('alice');
    await alice.page.focus('#message-field');
    await alice.page.keyboard.type('first');
    await alice.page.keyboard.press('Shift+Enter');
    await alice.page.keyboard.type('second');
    await alice.page
      .locator('#message-field')
      .dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true });
    expect(await alice.texts()).toEqual([]);
    await alice.page.keyboard.press('Enter');
    await alice.hasMark('first\nsecond', 'stored');
    expect(await alice.texts()).toEqual(['first\nsecond']);
    expect(await alice.page.inputValue('#message-field')).toBe('');
  });

  it.each([
    [PHONE, 'en-GB', 'This message is too long. Shorten it, or send it in parts.', '70,000 of 65,270 bytes'],
    [{}, 'zh-CN', '消息过长，请缩短内容，或拆分成多条发送。', '70,000 / 65,270 字节'],
  ])('refuses a message that is too long before it is sent: %j, %s', async (device, locale, text, size) => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page, { ...device, locale });
    await alice.logIn('alice');
    await alice.isOnline();
    await alice.openConversation('alice');
    await alice.send('x'.repeat(70_000));
    await alice.page.getByRole('alert').getByText(text).waitFor();
    await alice.page.getByText(size).waitFor();
    expect(await alice.page.locator('.send-button').isDisabled()).toBe(true);
    expect(await alice.texts()).toEqual([]);
    expect(await alice.value('document.documentElement.scrollWidth - innerWidth')).toBe(0);

    await alice.page.fill('#message-field', '你'.repeat(20_000));
    await alice.page.getByText(size.replace('70,000', '60,000')).waitFor();
    expect(await alice.page.getByText(text).count()).toBe(0);
    await alice.page.fill('#message-field', 'short');
    expect(await alice.page.getByText('65,270').count()).toBe(0);
    await alice.send('x'.repeat(65_270));
    await alice.page.locator('.message .delivery-stored').waitFor();
    expect((await alice.texts()).map(({ length }) => length)).toEqual([65_270]);
  });

  it('can be used with the keyboard alone', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    const { keyboard } = alice.page;
    await alice.page.locator('[name=userId]:focus').waitFor();
    await keyboard.type('alice');
    await keyboard.press('Enter');
    await alice.isOnline();
    await keyboard.press('Control+k');
    await keyboard.type('bob');
    await keyboard.press('Enter');
    await alice.page.locator('#message-field:focus').waitFor();
    await keyboard.type('typed');
    await keyboard.press('Enter');
    await alice.hasMark('typed', 'stored');
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await keyboard.press('ArrowRight');
    await keyboard.press('Enter');
    await keyboard.press('Escape');
    expect(await alice.page.inputValue('#message-field')).toBe('😄');
    expect(await alice.value('document.activeElement.id')).toBe('message-field');
  });
});
