import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import type * as MiniProgram from '@imcore/client/mini-program';
import { createServer, websocket } from '@imcore/server';
import { FakeMiniProgram } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ROOT } from '../architecture/sources.js';
import { toPlainMembers } from './plain-members.mjs';

/** Loads the file as a mini-program does: a module of its own, with next to nothing in its scope. */
function load(scope: object): typeof MiniProgram {
  const code = readFileSync(join(ROOT, 'packages/client/miniprogram_dist/index.js'), 'utf8');
  const module = { exports: {} };
  const context = createContext({ ...scope, module, exports: module.exports });
  runInContext(code, context);
  return module.exports as typeof MiniProgram;
}

describe('the single file for mini-programs', () => {
  it('carries a client where there is nothing but timers', async () => {
    const server = createServer({ gateways: [websocket({ host: '127.0.0.1', port: 0 })] });
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

  it('is written in the language of old engines', () => {
    const code = readFileSync(join(ROOT, 'packages/client/miniprogram_dist/index.js'), 'utf8');
    expect(code).not.toMatch(/[{;]#\w|this\.#|\?\?|\?\.[a-z([]|catch\{/i);
  });
});

describe('toPlainMembers', () => {
  it('takes the private names out, and leaves everything else', () => {
    const written = toPlainMembers(
      "export class Box { #value = 1; take() { return this.#value + '#value'; } #put() {} }\n",
    );

    expect(written).toContain("return this._p_value + '#value'");
    expect(written).toContain('_p_put() { }');
    expect(written).toContain('this._p_value = 1');
    expect(written).not.toContain('this.#');
  });
});
