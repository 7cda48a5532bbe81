import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createImServer, silentLogger, type TransportAddress, tcp } from '@imcore/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from '../../src/command-error.js';
import { readSettings } from '../../src/serve/read-settings.js';
import { type ServedPage, serveChatPage } from '../../src/serve/serve-chat-page.js';

const webSocket: TransportAddress = { transport: 'websocket', host: '0.0.0.0', port: 3456 };

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

describe('serveChatPage', () => {
  let directory: string;
  let page: ServedPage | undefined;
  let other: Server | undefined;
  const imServer = createImServer({
    transports: [tcp({ port: 0 })],
    logger: silentLogger,
    trustedProxies: [],
    limits: { maxSessionsPerAddress: 2, loginTimeoutMs: 200 },
  });

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
    addresses: readonly TransportAddress[] = [webSocket],
  ): Promise<ServedPage | undefined> => {
    const settings = readSettings({ flags: { http: '0', ...flags }, environment: {}, file: undefined });
    page = await serveChatPage(settings, addresses, imServer, directory);
    return page;
  };

  it('serves the page to this machine only, with the address of the WebSocket listener', async () => {
    const served = await serve({ wsPath: '/im', token: 'open sesame' });
    expect(served?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await (await fetch(served?.url ?? '')).text()).toContain('the page');
    expect(await (await fetch(`${served?.url}config.json`)).json()).toEqual({
      webSocket: { port: 3456, path: '/im', secure: false },
      tokenRequired: true,
      otherServers: false,
    });
  });

  it('responds with 404 to everything else', async () => {
    const served = await serve();
    const response = await fetch(`${served?.url}nothing`);
    expect([response.status, await response.text()]).toEqual([404, 'Not found. The chat page is at /.\n']);
  });

  it('counts its sockets for the limits of the server, and closes those that send no request', async () => {
    const served = await serve();
    const { port } = new URL(served?.url ?? '');
    const sockets = [1, 2, 3].map(() => connect(Number(port), '127.0.0.1'));
    const closed = new Set<Socket>();
    for (const socket of sockets) socket.on('error', () => {}).once('close', () => closed.add(socket));
    await until(() => closed.size === 1);
    expect(imServer.metrics()).toMatchObject({ limitSessionsPerAddress: 1, socketsWithoutLogin: 2 });
    await until(() => closed.size === 3);
    expect(imServer.metrics()).toMatchObject({ limitLoginTimeout: 2, socketsWithoutLogin: 0 });
  });

  it('shows an address that a browser can open when it listens on all addresses', async () => {
    expect((await serve({ httpHost: '0.0.0.0' }))?.url).toMatch(/^http:\/\/localhost:\d+\/$/);
  });

  it('serves no page when it is off, or without WebSocket', async () => {
    expect(await serve({ http: 'off' })).toBeUndefined();
    expect(await serve({}, [{ transport: 'tcp', host: '0.0.0.0', port: 8901 }])).toBeUndefined();
  });

  it('explains that the port is in use, and how to choose another', async () => {
    const taken = createServer();
    other = taken;
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const failure = await serve({ http: String(port) }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure).toMatchObject({
      message: `127.0.0.1:${port} is already in use`,
      advice: 'Stop the program that uses it, or choose another port with --http (0 picks a free port).',
    });
  });

  it('says what to do when the page is not built', async () => {
    rmSync(join(directory, 'index.html'));
    await expect(serve()).rejects.toMatchObject({
      advice: 'To run without the chat page, use --http off.',
    });
  });
});
