import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { afterEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { FakeMiniProgram } from '../../tests/support/mini-program/fake-mini-program.js';
import { startServer, until } from '../testing/scene.js';

interface PageObject {
  readonly view: { state: string; lines: string[] };
  readonly chat: { login(userId: string): Promise<unknown>; close(): Promise<void> };
  to: string;
  text: string;
  send(): Promise<void>;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it.each(['uni', 'my', 'tt'] as const)('two people talk, each in the page, built for %s', async (dialect) => {
  const { server, webSocketUrl } = await startServer();
  const program = new FakeMiniProgram({
    // uni-app hands on the platform's own sockets; its own API asks for a callback besides.
    dialect,
    openSocket: (url, headers) => new WebSocket(url, { headers }),
  });
  vi.stubGlobal('uni', program.api);
  const open = await compilePage(webSocketUrl);
  const [alice, bob] = [open(), open()];
  await alice.chat.login('alice');
  await bob.chat.login('bob');

  Object.assign(alice, { to: 'bob', text: '你好' });
  await alice.send();
  await until(() => bob.view.lines.length > 0);

  expect(alice).toMatchObject({ text: '', view: { state: 'online', lines: ['→ bob: 你好'] } });
  expect(bob.view.lines).toEqual(['alice: 你好']);
  await alice.chat.close();
  Object.assign(alice, { to: 'bob', text: 'too late' });
  await alice.send();
  expect(alice.view.lines).toContain('→ bob: too late (ERR_CLOSED)');
  await bob.chat.close();
  await server.close();
});

/** Makes pages as the framework does, from the script of the component. */
async function compilePage(serverUrl: string): Promise<() => PageObject> {
  const folder = new URL('src/pages/chat/', import.meta.url);
  const source = readFileSync(new URL('chat.vue', folder), 'utf8');
  const script = /<script>(.*)<\/script>/s.exec(source)?.[1] ?? '';
  const { outputFiles } = await build({
    stdin: {
      contents: script.replace('wss://im.example.com/websocket', serverUrl),
      resolveDir: folder.pathname,
    },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  const { default: page } = await import(/* @vite-ignore */ `data:text/javascript;base64,${code}`);
  return () => {
    const object = { ...page.data(), ...page.methods };
    page.created.call(object);
    return object;
  };
}
