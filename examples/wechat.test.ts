import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FakeMiniProgram } from '../tests/support/mini-program/fake-mini-program.js';
import { type MiniObject, MiniRuntime } from './testing/mini-page.js';
import { startServer, until } from './testing/scene.js';

it('two people talk, each in a mini-program, and come back from the background', async () => {
  const { server, webSocketUrl } = await startServer();
  const [alice, bob] = [open(webSocketUrl, 'alice'), open(webSocketUrl, 'bob')];
  await until(() => alice.page.data['state'] === 'online' && bob.page.data['state'] === 'online');

  await say(alice.page, 'bob', '你好');
  await until(() => linesOf(bob.page).length > 0);
  bob.program.suspend();
  await until(() => bob.page.data['state'] === 'waiting');
  const later = say(bob.page, 'alice', 'from the background');
  bob.program.resume();
  await later;

  await until(() => linesOf(alice.page).length === 2);
  expect(linesOf(alice.page)).toEqual(['→ bob: 你好', 'bob: from the background']);
  expect(linesOf(bob.page)).toEqual(['alice: 你好', '→ alice: from the background']);
  for (const { app, page } of [alice, bob]) {
    page['onUnload']();
    await app['client']().close();
  }
  await server.close();
});

/** Starts the mini-program on a device of its own. */
function open(serverUrl: string, user: string) {
  const program = new FakeMiniProgram({
    dialect: 'wx',
    openSocket: (url, headers) => new WebSocket(url, { headers }),
  });
  const runtime = new MiniRuntime({ wx: { ...program.api, showToast() {} } });
  const app = runtime.load('wechat/app.js');
  app['globalData'].serverUrl = serverUrl;
  runtime.provide('getApp', () => app);
  const page = runtime.load('wechat/pages/chat/chat.js');
  page['onLoad']({ user });
  return { program, app, page };
}

function say(page: MiniObject, to: string, text: string): Promise<void> {
  for (const [field, value] of Object.entries({ to, text })) {
    page['onTyped']({ currentTarget: { dataset: { field } }, detail: { value } });
  }
  return page['onSend']();
}

function linesOf(page: MiniObject): unknown[] {
  return page.data['lines'] as unknown[];
}
