import { createServer, websocket } from '@imcore/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasBrowser } from '../../../examples/testing/browser.js';
import { Browsers } from './browser.js';
import { Relay } from './relay.js';
import { kill, Programs } from './served-page.js';

/** An IndexedDB that takes nine seconds to open the outbox, longer than the page tries to connect. */
const SLOW_STORAGE = `
  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (name, version) {
    if (!name.startsWith('imcore outbox ')) return open.call(this, name, version);
    const late = {};
    setTimeout(() => {
      const request = open.call(this, name, version);
      for (const event of ['upgradeneeded', 'success', 'error', 'blocked']) {
        request['on' + event] = (...args) => {
          late.result = event === 'error' ? undefined : request.result;
          late.transaction = request.transaction;
          late['on' + event]?.(...args);
        };
      }
    }, 9_000);
    return late;
  };
`;

describe.skipIf(!hasBrowser)('the chat page without its server', () => {
  const programs = Programs.set();
  const browsers = Browsers.set();

  it('shows the lost connection with a countdown, and sends messages written meanwhile once and in order', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    const bob = await browsers.open(server.page);
    await alice.logIn('alice');
    await bob.logIn('bob');
    await alice.isOnline();
    await bob.isOnline();
    await alice.openConversation('bob');
    await bob.openConversation('alice');
    await alice.send('before');
    await alice.hasMark('before', 'stored');

    await kill(server);
    await alice.page.getByText('Disconnected from the server.').waitFor();
    await alice.page.getByText(/^Retrying in \d+ s$/).waitFor();
    const said = Array.from({ length: 20 }, (_, index) => `alice writes ${index + 1}`);
    await alice.send(...said);
    await alice.hasMark('alice writes 20', 'waiting');
    await bob.send('bob writes too');

    await programs.serveAgain(server);
    await alice.retriesNow();
    await alice.hasMark('alice writes 20', 'stored');
    await bob.hasMark('bob writes too', 'stored');
    await alice.shows('bob writes too');
    await bob.shows('alice writes 20');
    const fromAlice = await bob.page.locator('.incoming .message-text').allInnerTexts();
    expect(fromAlice).toEqual(['before', ...said]);
    expect(await alice.page.locator('.incoming .message-text').allInnerTexts()).toEqual(['bob writes too']);
    expect(await alice.page.locator('.banner').count()).toBe(0);
  });

  it('keeps unsent messages over one or two reloads', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    await alice.openConversation('bob');
    await kill(server);
    await alice.page.locator('.banner').waitFor();
    await alice.send('one', 'two', 'three');
    await alice.hasMark('three', 'waiting');

    const again = await programs.serveAgain(server);
    await kill(again);
    const back = await programs.serveAgain(server);
    await alice.page.reload();
    await alice.hasMark('three', 'stored');
    await alice.page.reload();
    await alice.shows('three');
    expect(await alice.texts()).toEqual(['one', 'two', 'three']);
    const bob = await programs.chat('bob', 'alice', back);
    await bob.says('  alice: three\n');
    expect(bob.output.match(/ {2}alice: \w+/g)).toEqual(['  alice: one', '  alice: two', '  alice: three']);
  });

  it('detects a network that drops everything, and catches up when it works again', async () => {
    const server = await programs.serve();
    const relay = await Relay.before(Number(new URL(server.webSocket).port));
    onTestFinished(() => relay.close());
    const alice = await browsers.open(server.page);
    await alice.logIn('alice', { server: `ws://127.0.0.1:${relay.port}/websocket` });
    await alice.isOnline();
    await alice.openConversation('bob');
    relay.block();
    await alice.send('into the void');
    await alice.hasMark('into the void', 'sending');
    await alice.page.locator('.banner').waitFor({ timeout: 60_000 });
    await alice.hasMark('into the void', 'waiting');
    relay.unblock();
    await alice.retriesNow();
    await alice.hasMark('into the void', 'stored');
    const bob = await programs.chat('bob', 'alice', server);
    await bob.says('  alice: into the void\n');
  });

  it('does not acknowledge messages that are not stored yet', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    // A database that never opens simulates a crash between receiving and storing a message.
    await alice.page.addInitScript(`
      const open = IDBFactory.prototype.open;
      IDBFactory.prototype.open = function (name, version) {
        return name.startsWith('imcore alice ') ? new EventTarget() : open.call(this, name, version);
      };
    `);
    await alice.page.reload();
    const arrived = alice.page.waitForEvent('websocket').then((socket) =>
      socket.waitForEvent('framereceived', {
        predicate: ({ payload }) => String(payload).includes('are you there?'),
      }),
    );
    await alice.logIn('alice');
    await alice.isOnline();
    const bob = await programs.chat('bob', 'alice', server);
    bob.type('are you there?');
    await arrived;
    await alice.page.close();

    const again = await browsers.tabBeside(alice.page.context(), server.page);
    await again.logIn('alice');
    await again.isOnline();
    await again.openConversation('bob');
    await again.shows('are you there?');
  });

  it('offers to retry a message that could not be delivered', async () => {
    const server = await programs.serve('--store', 'none');
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    await alice.openConversation('bob');
    await alice.send('is anybody there?');
    await alice.message('is anybody there?').locator('.failure').waitFor({ timeout: 60_000 });
    await alice.hasMark('is anybody there?', 'failed');
    await alice.page.getByText(/No acknowledgement received/).waitFor();
    const bob = await programs.chat('bob', 'alice', server);
    await alice.page.getByRole('button', { name: 'Retry' }).click();
    await alice.hasMark('is anybody there?', 'received');
    await bob.says('  alice: is anybody there?\n');
  });
});

describe.skipIf(!hasBrowser)('the chat page of a user who may have one session', () => {
  const programs = Programs.set();
  const browsers = Browsers.set();

  it('shows the kick-out, keeps unsent messages, and can sign in again', async () => {
    const server = await programs.serve('--sessions', 'one');
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    await alice.openConversation('bob');
    await programs.chat('alice', 'bob', server);
    const notice = alice.page.getByRole('alertdialog', { name: 'You have been signed out' });
    await notice.getByText(/alice signed in elsewhere at \d\d:\d\d/).waitFor();
    await notice.getByRole('button', { name: 'Use here' }).click();
    await alice.isOnline();
    expect(await notice.count()).toBe(0);
    await alice.send('back again');
    await alice.hasMark('back again', 'stored');
  });

  it('shows when the other login was in another tab of the same browser', async () => {
    const server = await programs.serve('--sessions', 'one');
    const first = await browsers.open(server.page);
    await first.logIn('alice');
    await first.isOnline();
    const second = await browsers.tabBeside(first.page.context(), server.page);
    await second.logIn('alice');
    await second.isOnline();
    await first.page.getByText(/another tab or window of this browser/).waitFor();
    await first.page.getByRole('button', { name: 'Sign out' }).click();
    await first.page.locator('.login').waitFor();
    await second.isOnline();
  });
});

describe.skipIf(!hasBrowser)('the sign-in form of the chat page', () => {
  const programs = Programs.set();
  const browsers = Browsers.set();

  it('shows a problem next to the field that it refers to', async () => {
    const server = await programs.serve('--token', 'open sesame');
    const alice = await browsers.open(server.page);
    const alert = alice.page.getByRole('alert');
    await alice.logIn('');
    await alert.filter({ hasText: 'Enter your user ID.' }).waitFor();
    await alice.logIn('alice');
    await alert.filter({ hasText: 'This server requires a token.' }).waitFor();
    await alice.logIn('alice', { token: 'guess' });
    await alert.filter({ hasText: 'Invalid token for this user (code 1025).' }).waitFor();
    expect(await alice.page.getByLabel('Token').getAttribute('aria-invalid')).toBe('true');
    await alice.logIn('alice', { token: 'open sesame', server: 'ws://192.0.2.1:3000/websocket' });
    await alert.filter({ hasText: 'not to 192.0.2.1:3000' }).waitFor();
    await alice.logIn('alice', { token: 'open sesame', server: server.webSocket });
    await alice.isOnline();
  });

  it('leaves the focus in the field that is being corrected', async () => {
    const server = await programs.serve('--token', 'open sesame');
    const { page } = await browsers.open(server.page);
    await page.fill('[name=userId]', 'alice');
    await page.press('[name=userId]', 'Enter');
    await page.getByRole('alert').filter({ hasText: 'This server requires a token.' }).waitFor();
    await page.locator('[name=token]:focus').waitFor();
    await page.keyboard.press('o');
    await page.getByRole('alert').waitFor({ state: 'detached' });
    // Effects run after the next frame.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))');
    await page.keyboard.type('pen sesame');
    expect(await page.inputValue('[name=token]')).toBe('open sesame');
    expect(await page.inputValue('[name=userId]')).toBe('alice');
  });

  it('shows why a sign-in was rejected, however long the browser takes to open its storage', async () => {
    const server = await programs.serve('--token', 'open sesame');
    const alice = await browsers.open(server.page);
    await alice.page.addInitScript(SLOW_STORAGE);
    await alice.page.reload();
    await alice.logIn('alice', { token: 'guess' });
    await alice.page.getByText('Invalid token for this user (code 1025).').waitFor();
  });

  it('shows the code of a server that rejects all logins temporarily', async () => {
    const { page } = await programs.serve();
    const hooks = { authenticate: () => ({ accept: false, code: 2 }) as const };
    const refusing = createServer({ transports: [websocket({ host: '127.0.0.1', port: 0 })], hooks });
    onTestFinished(() => refusing.close());
    const [address] = await refusing.listen();
    const alice = await browsers.open(page);
    await alice.logIn('alice', { server: `ws://127.0.0.1:${address?.port}/websocket` });
    await alice.page.getByText('The server rejected the sign-in (code 2).').waitFor();
  });

  it('shows that no server listens at the address', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.logIn('alice', { server: 'ws://127.0.0.1:1/websocket' });
    await alice.page.getByRole('button', { name: 'Signing in…' }).waitFor();
    await alice.page.getByText(/Cannot connect to ws:\/\/127\.0\.0\.1:1\/websocket/).waitFor();
  });

  it('restores a login that stays signed in, and deletes it on sign-out', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.page.getByLabel('Stay signed in on this device').check();
    await alice.logIn('alice');
    await alice.isOnline();
    await alice.page.close();
    const again = await browsers.tabBeside(alice.page.context(), server.page);
    await again.isOnline();
    await again.page.getByRole('button', { name: /Connection and settings/ }).click();
    await again.page.getByRole('button', { name: 'Sign out' }).click();
    await again.page.reload();
    expect(await again.page.inputValue('[name=userId]')).toBe('alice');
    expect(await again.value('localStorage.getItem("imcore.account")')).toBeNull();
  });
});
