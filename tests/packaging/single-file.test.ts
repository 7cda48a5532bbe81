import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import type * as MiniProgram from '@imcore/client/mini-program';
import type * as Outbox from '@imcore/client/outbox';
import { createServer, memoryStore, websocket } from '@imcore/server';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { toLean } from '../../scripts/lean-modules.mjs';
import { ROOT } from '../architecture/sources.js';
import { FakeMiniProgram } from '../support/mini-program/fake-mini-program.js';

/** Loads the file as a mini-program does: as a module with almost no globals. */
function load(scope: object): typeof MiniProgram {
  return run('index.js', scope) as typeof MiniProgram;
}

function run(file: string, scope: object): object {
  const code = readFileSync(join(ROOT, 'packages/client/miniprogram_dist', file), 'utf8');
  const module = { exports: {} };
  const context = createContext({ ...scope, module, exports: module.exports });
  runInContext(code, context);
  return module.exports;
}

describe('the single file for mini-programs', () => {
  it('needs no globals but timers', async () => {
    const server = createServer({ transports: [websocket({ host: '127.0.0.1', port: 0 })] });
    const [address] = await server.listen();
    const program = new FakeMiniProgram({
      dialect: 'wx',
      openSocket: (url, headers) => new WebSocket(url, { headers }),
    });
    const { createClient } = load({ setTimeout, clearTimeout });
    const url = `ws://127.0.0.1:${address?.port}/websocket`;
    const [alice, bob] = [
      createClient({ platform: program.api, url }),
      createClient({ platform: program.api, url }),
    ];
    const arrived = new Promise((resolve) => {
      bob.on('message', resolve);
    });
    await alice.login({ userId: 'alice' });
    await bob.login({ userId: 'bob' });

    await alice.send({ to: 'bob', content: '你好 😀' });

    expect(await arrived).toMatchObject({ from: 'alice', content: '你好 😀' });
    await Promise.all([alice.close(), bob.close()]);
    await server.close();
  });

  it('has an outbox in a second file, which delivers messages of an earlier run', async () => {
    const program = new FakeMiniProgram({
      dialect: 'wx',
      openSocket: (url, headers) => new WebSocket(url, { headers }),
    });
    const start = (port: number) => {
      const { createClient } = load({ setTimeout, clearTimeout });
      const { storageOutbox } = run('outbox.js', {}) as typeof Outbox;
      const url = `ws://127.0.0.1:${port}/websocket`;
      return createClient({ platform: program.api, url, outbox: storageOutbox(program.api) });
    };
    const first = start(1);
    await first.openOutbox('alice');
    const sending = first.send({ to: '0', content: 'kept' });
    sending.catch(() => {});
    await sending.accepted;
    const server = createServer({ transports: [websocket({ host: '127.0.0.1', port: 0 })] });
    const [address] = await server.listen();
    const second = start(address?.port ?? 0);
    const delivered = new Promise((resolve) => {
      second.on('delivered', resolve);
    });
    await second.login({ userId: 'alice' });

    expect(await delivered).toEqual({ fingerprint: sending.fingerprint });
    await Promise.all([first.close(), second.close()]);
    await server.close();
  });

  it('has level 1 with both files', async () => {
    const store = memoryStore({ historyMs: 60_000 });
    const server = createServer({ transports: [websocket({ host: '127.0.0.1', port: 0 })], store });
    const [address] = await server.listen();
    const url = `ws://127.0.0.1:${address?.port}/websocket`;
    const start = (name: string) => {
      const program = new FakeMiniProgram({
        dialect: 'wx',
        openSocket: (target, headers) => new WebSocket(target, { headers }),
      });
      const { createClient } = load({ setTimeout, clearTimeout });
      const { storageOutbox } = run('outbox.js', {}) as typeof Outbox;
      const outbox = storageOutbox(program.api);
      return createClient({ platform: program.api, url, outbox, device: { kind: 'wx', name } });
    };
    const [alice, phone, bob] = [start('Laptop'), start('Phone'), start('Bob')];
    const arrived = [alice, phone, bob].map(
      (client) =>
        new Promise((resolve) => {
          client.on('message', resolve);
        }),
    );
    for (const client of [alice, phone]) await client.login({ userId: 'alice' });
    await bob.login({ userId: 'bob' });
    expect([alice, phone, bob].map(({ level }) => level)).toEqual([1, 1, 1]);

    expect(await alice.send({ to: 'bob', content: 'hello' })).toMatchObject({
      outcome: 'stored',
      position: 1,
    });
    expect(await arrived[1]).toMatchObject({
      content: 'hello',
      isOwn: true,
      conversation: 'bob',
      position: 1,
    });
    expect(await arrived[2]).toMatchObject({ content: 'hello', isOwn: false, conversation: 'alice', id: 1 });
    const { messages } = await bob.history({ conversation: 'alice' });
    expect(messages).toMatchObject([{ content: 'hello', id: 1, from: 'alice' }]);
    expect((await alice.devices()).map(({ name }) => name).sort()).toEqual(['Laptop', 'Phone']);
    await Promise.all([alice.close(), phone.close(), bob.close()]);
    await server.close();
  });

  it('replaces the messages of errors with their codes', async () => {
    const program = new FakeMiniProgram({ dialect: 'wx', openSocket: (url) => new WebSocket(url) });
    const { createClient } = load({ setTimeout, clearTimeout });
    const client = createClient({
      platform: program.api,
      url: 'ws://127.0.0.1:1/websocket',
      autoReconnect: false,
    });

    await expect(client.login({ userId: 'alice' })).rejects.toMatchObject({
      message: 'ERR_CANNOT_CONNECT',
      code: 'ERR_CANNOT_CONNECT',
      cause: { code: 'ERR_LINK_FAILED', message: 'ERR_LINK_FAILED' },
    });
    expect(() => createClient({ platform: program.api, url: 'wss://x', senseMode: 7 as 5 })).toThrow(
      'option senseMode must be one of 3, 5, 10, 15, 30, 60, 120, got 7',
    );
  });

  it('uses only syntax of old engines', () => {
    const code = readFileSync(join(ROOT, 'packages/client/miniprogram_dist/index.js'), 'utf8');
    expect(code).not.toMatch(/[{;]#\w|this\.#|\?\?|\?\.[a-z([]|catch\{/i);
    // React Native up to 0.74 cannot load a program with such an expression.
    expect(code).not.toMatch(/\\p\{/);
  });
});

describe('toLean', () => {
  it('replaces private names, and nothing else', () => {
    const written = toLean(
      "export class Box { #value = 1; take() { return this.#value + '#value'; } #put() {} }\n",
      true,
    );

    expect(written).toContain("return this._p_value + '#value'");
    expect(written).toContain('_p_put() { }');
    expect(written).toContain('this._p_value = 1');
    expect(written).not.toContain('this.#');
  });

  it('removes sentences, and keeps codes, names and packets', () => {
    const program =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the program has templates.
      'export const texts = ["ERR_CLOSED", `no ${1} link`, `${a("b", c)}`, "a-b", "x y", `{"to":${2}}`];\n';

    // biome-ignore lint/suspicious/noTemplateCurlyInString: as above.
    expect(toLean(program, false)).toContain('["ERR_CLOSED", "", `${a("b", c)}`, "a-b", "", `{"to":${2}}`]');
    expect(toLean(program, true)).toContain('"x y"');
  });
});
