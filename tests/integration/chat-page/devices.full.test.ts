import { describe, expect, it } from 'vitest';
import { hasBrowser } from '../../../examples/testing/browser.js';
import { Browsers } from './browser.js';
import type { ChatTab } from './chat-tab.js';
import { Programs } from './served-page.js';

/** Records in the page what is announced to screen readers from now on. */
const RECORD_ANNOUNCEMENTS = `
  window.announced = [];
  addEventListener('DOMContentLoaded', () => {
    new MutationObserver(() => {
      const text = document.querySelector('[role=log]')?.textContent ?? '';
      if (text !== '' && window.announced.at(-1) !== text) window.announced.push(text);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
`;

/** Whether the browser has stored that a conversation was deleted. */
const DELETED = `(async () => {
  const resultOf = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const { name } = (await indexedDB.databases()).find(({ name }) => name.startsWith('imcore alice '));
  const database = await resultOf(indexedDB.open(name));
  const stored = database.transaction('conversations').objectStore('conversations').getAll();
  const all = await resultOf(stored);
  database.close();
  return all.every(({ clearedAt }) => clearedAt !== undefined);
})()`;

async function opens(tab: ChatTab, user: string, peer: string): Promise<void> {
  await tab.logIn(user);
  await tab.isOnline();
  await tab.openConversation(peer);
}

describe.skipIf(!hasBrowser)('the chat page as a device of its user', () => {
  const programs = Programs.set();
  const browsers = Browsers.set();
  const serveWithHistory = () => programs.serve('--history-ms', '86400000');

  it('shows the same conversation in two browsers of one user, with the ticks and times of the server', async () => {
    const server = await serveWithHistory();
    const [home, work, bob] = await Promise.all([1, 2, 3].map(() => browsers.open(server.page)));
    if (home === undefined || work === undefined || bob === undefined) throw new Error('no browsers');
    await opens(home, 'alice', 'bob');
    await opens(bob, 'bob', 'alice');
    await home.send('from home');
    await home.hasMark('from home', 'stored');
    await bob.shows('from home');
    await bob.send('hello');
    await home.shows('hello');

    await opens(work, 'alice', 'bob');
    await work.shows('hello');
    await work.hasMark('from home', 'stored');
    await work.send('from work');
    await home.shows('from work');
    await bob.shows('from work');
    const everything = ['from home', 'hello', 'from work'];
    await expect.poll(() => home.texts()).toEqual(everything);
    await expect.poll(() => work.texts()).toEqual(everything);
    await expect.poll(() => bob.texts()).toEqual(everything);
    const times = (tab: ChatTab) =>
      tab.page.locator('.message time').evaluateAll((all) => all.map((one) => one.getAttribute('datetime')));
    expect(await work.page.locator('.message.outgoing').count()).toBe(2);
    expect(await times(work)).toEqual(await times(home));
    expect(await times(bob)).toEqual(await times(home));
  });

  it('loads older messages of the server in a new browser, and counts none of them as unread', async () => {
    const server = await serveWithHistory();
    const home = await browsers.open(server.page);
    await opens(home, 'alice', 'bob');
    const bob = await programs.chat('bob', 'alice', server);
    const said = Array.from({ length: 120 }, (_, index) => `line ${index + 1}`);
    for (const line of said) bob.type(line);
    await home.shows('line 120');

    const work = await browsers.open(server.page);
    await work.page.addInitScript(RECORD_ANNOUNCEMENTS);
    await work.page.reload();
    await work.logIn('alice');
    await work.isOnline();
    await work.page.locator('.row', { hasText: 'line 120' }).click();
    await work.shows('line 120');
    await expect
      .poll(
        async () => {
          await work.page.press('.messages', 'Home');
          return await work.texts();
        },
        { timeout: 60_000 },
      )
      .toEqual(said);
    expect(await work.page.locator('.badge').count()).toBe(0);
    expect(await work.value('window.announced')).toEqual([]);
    await work.page.getByText('This is the beginning of your conversation with bob.').waitFor();
  });

  it('counts what has waited for a user without devices as unread', async () => {
    const server = await serveWithHistory();
    const bob = await programs.chat('bob', 'alice', server);
    bob.type('are you there?');
    await bob.says('✓ to alice: are you there?');
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.page.locator('.badge', { hasText: '1' }).waitFor();
  });

  it('announces each message once, also over reloads and a closed page', async () => {
    const server = await serveWithHistory();
    const alice = await browsers.open(server.page);
    await alice.page.addInitScript(RECORD_ANNOUNCEMENTS);
    await alice.page.reload();
    await alice.logIn('alice');
    await alice.isOnline();
    const bob = await programs.chat('bob', 'alice', server);
    const log = alice.page.getByRole('log');
    for (const text of ['one', 'two', 'three']) {
      bob.type(text);
      // Reloads as early as it can: when the message is announced.
      await log.getByText(`bob: ${text}`).waitFor({ state: 'attached' });
      await alice.page.reload();
      await alice.isOnline();
    }
    bob.type('four');
    await log.getByText('bob: four').waitFor({ state: 'attached' });
    expect(await alice.value('window.announced')).toEqual(['bob: four']);
    await expect.poll(() => alice.page.title()).toBe('(4) imcore');
    await alice.page.goto('about:blank');
    bob.type('five');
    await bob.says('✓ to alice: five');
    await alice.page.goto(server.page);
    await log.getByText('bob: five').waitFor({ state: 'attached' });
    expect(await alice.value('window.announced')).toEqual(['bob: five']);
    await expect.poll(() => alice.page.title()).toBe('(5) imcore');
  });

  it('shows and announces a message in two tabs of one browser', async () => {
    const server = await serveWithHistory();
    const first = await browsers.open(server.page);
    await opens(first, 'alice', 'bob');
    const second = await browsers.tabBeside(first.page.context(), server.page);
    await second.logIn('alice');
    await second.isOnline();
    const bob = await programs.chat('bob', 'alice', server);
    bob.type('hello both');
    await first.shows('hello both');
    await second.page.getByRole('log').getByText('bob: hello both').waitFor({ state: 'attached' });
    await first.isOnline();
  });

  it('lists the devices of its user, and signs one out', async () => {
    const server = await serveWithHistory();
    const home = await browsers.open(server.page);
    const work = await browsers.open(server.page);
    for (const tab of [home, work]) {
      await tab.logIn('alice');
      await tab.isOnline();
    }
    await home.page.getByRole('button', { name: /Connection and settings/ }).click();
    await home.page.getByText('This device').waitFor();
    await home.page.getByRole('button', { name: 'Sign out Chrome on Linux' }).click();
    await work.page.getByText(/signed out from another device of yours/).waitFor();
    await expect.poll(() => home.page.locator('.device').count()).toBe(1);
  });

  it('shows a deleted conversation again only with what comes later', async () => {
    const server = await serveWithHistory();
    const alice = await browsers.open(server.page);
    await opens(alice, 'alice', 'bob');
    const bob = await programs.chat('bob', 'alice', server);
    bob.type('before');
    await alice.shows('before');
    await alice.page.getByRole('button', { name: 'Conversation options' }).click();
    await alice.page.getByRole('button', { name: 'Delete conversation' }).click();
    await alice.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await alice.page.getByText('No conversations yet').waitFor();
    await expect.poll(() => alice.page.evaluate<unknown>(DELETED)).toBe(true);
    await alice.page.reload();
    await alice.isOnline();
    await alice.page.getByText('No conversations yet').waitFor();
    bob.type('after');
    await alice.page.locator('.row', { hasText: 'after' }).click();
    await alice.shows('after');
    expect(await alice.texts()).toEqual(['after']);
  });
});
