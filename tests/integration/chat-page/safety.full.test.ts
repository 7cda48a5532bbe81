import { createClient, tcp } from '@imcore/client/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasBrowser } from '../../../examples/testing/browser.js';
import { Browsers } from './browser.js';
import { Programs, type ServedPage } from './served-page.js';

/** Each would set a variable, open a dialog or request another host if it were not rendered as text. */
const ATTACKS = [
  '<script>window.broken = 1</script>',
  '<img src=x onerror="window.broken = 1">',
  '<svg/onload=window.broken=1>',
  '<a href="javascript:window.broken=1">click</a>',
  'javascript:window.broken=1',
  '<iframe srcdoc="<script>parent.broken=1</script>">',
  '"><style>*{display:none}</style>',
  '<img src="http://192.0.2.1/pixel.png">',
  '{{constructor.constructor("window.broken=1")()}}',
  '\u202Egnp.exe\u0000 [link](javascript:window.broken=1)',
];
const EVIL_ID = '<img src=x onerror=window.broken=1>';

async function sendAs(userId: string, to: string, contents: readonly string[], server: ServedPage) {
  const client = createClient({
    transport: tcp({ host: '127.0.0.1', port: Number(new URL(server.tcp).port) }),
  });
  onTestFinished(() => client.close());
  await client.login({ userId });
  for (const content of contents) await client.send({ to, content });
}

describe.skipIf(!hasBrowser)('messages to the chat page', () => {
  const programs = Programs.set();
  const browsers = Browsers.set();

  it('are rendered as text: in the conversation, in the list, as a user id and after a reload', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    await sendAs(EVIL_ID, 'alice', ATTACKS, server);
    await alice.page.locator('.badge', { hasText: String(ATTACKS.length) }).waitFor();
    await alice.page.locator('.row-name', { hasText: EVIL_ID }).click();
    await expect.poll(() => alice.page.locator('.message').count()).toBe(ATTACKS.length);
    await alice.page.reload();
    await expect.poll(() => alice.page.locator('.message').count()).toBe(ATTACKS.length);

    const shown = await alice.page.locator('.message-text').allTextContents();
    expect(shown).toEqual(ATTACKS.map((text) => expect.stringContaining(text.slice(0, 10))));
    expect(await alice.page.locator('.conversation-name').textContent()).toBe(EVIL_ID);
    const made = '.conversation :is(script, img, iframe, style, object, embed, [onerror], [onload])';
    expect(await alice.page.locator(made).count()).toBe(0);
    expect(await alice.value('window.broken')).toBeUndefined();
    const links = alice.page.locator('.message-text a');
    expect([await links.count(), await links.first().getAttribute('href')]).toEqual([
      1,
      'http://192.0.2.1/pixel.png',
    ]);
  });

  it('become links that open in a new tab without a referrer', async () => {
    const server = await programs.serve();
    const alice = await browsers.open(server.page);
    await alice.logIn('alice');
    await alice.isOnline();
    await sendAs('bob', 'alice', ['look: https://example.com/a_(b)?c=1.'], server);
    await alice.page.getByRole('button', { name: /bob/ }).click();
    const link = alice.page.locator('.message-text a');
    expect(await link.getAttribute('href')).toBe('https://example.com/a_(b)?c=1');
    expect(await link.getAttribute('target')).toBe('_blank');
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer nofollow');
  });

  it('are displayed under a policy that forbids inline scripts', async () => {
    const server = await programs.serve();
    const answer = await fetch(server.page);
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/);
    expect(await answer.text()).not.toMatch(/<script>|<script [^>]*>[^<]|\sstyle=|\son\w+=|https?:\/\//);
  });
});
