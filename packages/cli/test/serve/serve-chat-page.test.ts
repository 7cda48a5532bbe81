import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransportAddress } from '@imcore/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from '../../src/command-error.js';
import { readSettings } from '../../src/serve/read-settings.js';
import { type ServedPage, serveChatPage } from '../../src/serve/serve-chat-page.js';

const door: TransportAddress = { transport: 'websocket', host: '0.0.0.0', port: 3456 };

describe('serveChatPage', () => {
  let directory: string;
  let page: ServedPage | undefined;
  let other: Server | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'imcore-page-'));
    writeFileSync(join(directory, 'index.html'), '<!doctype html><title>the page</title>');
  });

  afterEach(() => {
    page?.close();
    other?.close();
    rmSync(directory, { recursive: true });
  });

  const serve = async (
    flags: Record<string, unknown> = {},
    addresses: readonly TransportAddress[] = [door],
  ): Promise<ServedPage | undefined> => {
    const settings = readSettings({ flags: { http: '0', ...flags }, environment: {}, file: undefined });
    page = await serveChatPage(settings, addresses, directory);
    return page;
  };

  it('serves the page to this machine alone, and tells it the WebSocket door', async () => {
    const served = await serve({ wsPath: '/im', token: 'open sesame' });
    expect(served?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await (await fetch(served?.url ?? '')).text()).toContain('the page');
    expect(await (await fetch(`${served?.url}config.json`)).json()).toEqual({
      webSocket: { port: 3456, path: '/im', secure: false },
      tokenRequired: true,
      otherServers: false,
    });
  });

  it('says 404 for everything else', async () => {
    const served = await serve();
    const answer = await fetch(`${served?.url}nothing`);
    expect([answer.status, await answer.text()]).toEqual([
      404,
      'There is nothing here. The chat page is at /.\n',
    ]);
  });

  it('names an address that a browser can open when it listens on all', async () => {
    expect((await serve({ httpHost: '0.0.0.0' }))?.url).toMatch(/^http:\/\/localhost:\d+\/$/);
  });

  it('serves none where it is off, or where there is no WebSocket', async () => {
    expect(await serve({ http: 'off' })).toBeUndefined();
    expect(await serve({}, [{ transport: 'tcp', host: '0.0.0.0', port: 8901 }])).toBeUndefined();
  });

  it('says who wants the port too, and how to choose another', async () => {
    const taken = createServer();
    other = taken;
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const failure = await serve({ http: String(port) }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure).toMatchObject({
      message: `127.0.0.1:${port} is taken by another program`,
      advice: 'Stop that one, or choose another port with --http (0 takes a free one).',
    });
  });

  it('says what to do when the page was not built', async () => {
    rmSync(join(directory, 'index.html'));
    await expect(serve()).rejects.toMatchObject({ advice: 'Or serve none, with --http off.' });
  });
});
