import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificateFiles } from './certificate-files.js';
import { blocksOf } from './documented-session.js';
import { ProxiedClient } from './proxied-client.js';
import { freePort, hasProxies, ProxyProcess } from './proxy-process.js';
import { FREE_PORTS, Run } from './run.js';

const GUIDE = 'docs/guide/proxies.md';
const textOf = (language: string, start: string): string => {
  const block = blocksOf(GUIDE).find((one) => one.language === language && one.text.startsWith(start));
  if (block === undefined) throw new Error(`the guide has no ${language} block that starts with ${start}`);
  return block.text;
};
/** The settings of `imcore serve` that the guide gives for a proxy. */
const settingsFor = (wanted: string): string[] => {
  const command = blocksOf(GUIDE)
    .filter(({ language }) => language === 'sh')
    .find(({ text }) => text.includes(wanted));
  return (command?.text.trim().split(' ').slice(2) ?? []).map((word) =>
    word.replace('10.0.0.0/24', '127.0.0.1'),
  );
};

/** Two sessions for an address. The clients of these tests have addresses in loopback, of which only the proxy's is trusted. */
const LIMITED = ['--limits', 'maxSessionsPerAddress=2', '--trusted-proxies', '127.0.0.1'];

describe.runIf(hasProxies())('a server behind a proxy', () => {
  let directory: string;
  let clients: ProxiedClient[];
  let runs: Run[];
  let proxies: ProxyProcess[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'imcore-proxies-'));
    [clients, runs, proxies] = [[], [], []];
  });

  afterEach(async () => {
    for (const one of clients) one.close();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    for (const { process } of runs) process.kill('SIGKILL');
    await Promise.all(runs.map(({ exited }) => exited));
    rmSync(directory, { recursive: true });
  });

  const serve = async (...args: readonly string[]): Promise<Run> => {
    const server = new Run('serve', ...FREE_PORTS, '--udp-port', 'off', ...args, ...LIMITED);
    runs.push(server);
    await server.says('Press Ctrl+C to stop.');
    return server;
  };
  const portOf = (server: Run, scheme: string): number => Number(new URL(server.url(scheme)).port);
  const client = (userId: string, address: string): ProxiedClient => {
    const one = new ProxiedClient(userId, address);
    clients.push(one);
    return one;
  };
  /** The address and port that the log of the server has for a user who came online. */
  const seen = async (server: Run, userId: string): Promise<[string, number]> => {
    await server.says(`"userId":"${userId}"`);
    const line = server.output.split('\n').find((one) => one.includes(`"userId":"${userId}"`)) ?? '';
    const { remoteAddress, remotePort } = JSON.parse(line) as { remoteAddress: string; remotePort: number };
    return [remoteAddress, remotePort];
  };
  const haproxy = async (tcpPort: number, wsPort: number, change = (text: string) => text) => {
    const [tcp, ws] = [await freePort(), await freePort()];
    const text = textOf('haproxy', 'defaults')
      .replace('bind :8900', `bind 127.0.0.1:${tcp}`)
      .replace('bind :443', `bind 127.0.0.1:${ws}`)
      .replace('10.0.1.11:8901', `127.0.0.1:${tcpPort}`)
      .replace('10.0.1.11:3000', `127.0.0.1:${wsPort}`);
    proxies.push(await ProxyProcess.startHaproxy(change(text), tcp));
    return { tcp, ws };
  };
  const nginx = async (tcpPort: number, wsPort: number) => {
    const [tcp, ws] = [await freePort(), await freePort()];
    const http = textOf('nginx', 'server {')
      .replace('listen 443 ssl', `listen 127.0.0.1:${ws} ssl`)
      .replace('127.0.0.1:3000', `127.0.0.1:${wsPort}`);
    const stream = textOf('nginx', 'stream {')
      .replace('listen 8900', `listen 127.0.0.1:${tcp}`)
      .replace('127.0.0.1:8901', `127.0.0.1:${tcpPort}`);
    proxies.push(await ProxyProcess.startNginx(http, stream, ws));
    return { tcp, ws };
  };
  /** Three clients of one address, of which the third is beyond the limit, and one of another address. */
  const expectLimit = async (logIn: (one: ProxiedClient) => Promise<string>): Promise<void> => {
    const outcomes: string[] = [];
    for (const [index, address] of ['127.0.0.7', '127.0.0.7', '127.0.0.7', '127.0.0.8'].entries())
      outcomes.push(await logIn(client(`user-${index}`, address)));
    expect(outcomes).toEqual(['logged-in', 'logged-in', 'closed', 'logged-in']);
  };

  it.each(['send-proxy', 'send-proxy-v2', 'send-proxy-v2-ssl'])(
    'knows addresses on TCP behind HAProxy: %s',
    async (how) => {
      const server = await serve(...settingsFor('10.0.0.0/24'));
      const { tcp } = await haproxy(portOf(server, 'tcp'), 1, (text) => text.replace('send-proxy-v2', how));
      const alice = client('alice', '127.0.0.9');
      expect(await alice.overTcp(tcp)).toBe('logged-in');
      expect(await seen(server, 'alice')).toEqual(['127.0.0.9', alice.port]);
      await expectLimit((one) => one.overTcp(tcp));
      expect(server.output).not.toContain('ERR_PROXY_HEADER');
    },
  );

  it.each(['send-proxy', 'send-proxy-v2'])('knows addresses on TLS behind HAProxy: %s', async (how) => {
    const { cert, key } = makeCertificateFiles(directory);
    const server = await serve(...settingsFor('10.0.0.0/24'), '--tls-cert', cert, '--tls-key', key);
    const { tcp } = await haproxy(portOf(server, 'tls'), 1, (text) => text.replace('send-proxy-v2', how));
    const alice = client('alice', '127.0.0.9');
    expect(await alice.overTls(tcp)).toBe('logged-in');
    expect(await seen(server, 'alice')).toEqual(['127.0.0.9', alice.port]);
    await expectLimit((one) => one.overTls(tcp));
  });

  it('knows addresses on WebSocket behind HAProxy, whatever the client forges', async () => {
    const server = await serve();
    const { ws } = await haproxy(1, portOf(server, 'ws'));
    const url = `wss://127.0.0.1:${ws}/websocket`;
    const alice = client('alice', '127.0.0.9');
    expect(await alice.overWebSocket(url)).toBe('logged-in');
    expect(await seen(server, 'alice')).toEqual(['127.0.0.9', 0]);
    await expectLimit((one) =>
      one.overWebSocket(url, { 'x-forwarded-for': '203.0.113.1', forwarded: 'for=203.0.113.2' }),
    );
  });

  it('knows addresses on TCP behind nginx', async () => {
    const server = await serve(...settingsFor('--host 127.0.0.1'));
    const { tcp } = await nginx(portOf(server, 'tcp'), 1);
    const alice = client('alice', '127.0.0.9');
    expect(await alice.overTcp(tcp)).toBe('logged-in');
    expect(await seen(server, 'alice')).toEqual(['127.0.0.9', alice.port]);
    await expectLimit((one) => one.overTcp(tcp));
  });

  it('knows addresses on WebSocket behind nginx, whatever the client forges', async () => {
    const server = await serve();
    const { ws } = await nginx(1, portOf(server, 'ws'));
    const url = `wss://127.0.0.1:${ws}/websocket`;
    const alice = client('alice', '127.0.0.9');
    expect(await alice.overWebSocket(url)).toBe('logged-in');
    expect(await seen(server, 'alice')).toEqual(['127.0.0.9', 0]);
    await expectLimit((one) => one.overWebSocket(url, { 'x-forwarded-for': '203.0.113.1' }));
  });

  it('gets health checks of HAProxy without complaint', async () => {
    const server = await serve(...settingsFor('10.0.0.0/24'), '--log-level', 'debug');
    const { tcp } = await haproxy(portOf(server, 'tcp'), 1, (text) =>
      text.replace(' check', ' check inter 50ms'),
    );
    for (const index of [1, 2, 3, 4, 5]) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const one = client(`user-${index}`, `127.0.0.${20 + index}`);
      expect(await one.overTcp(tcp)).toBe('logged-in');
    }
    expect(server.output).not.toMatch(/ERR_|limit/);
  });

  it('reports a proxy that sends no header, once it must', async () => {
    const server = await serve(...settingsFor('10.0.0.0/24'));
    const { tcp } = await haproxy(portOf(server, 'tcp'), 1, (text) =>
      text.replace(' send-proxy-v2 check', ''),
    );
    expect(await client('alice', '127.0.0.7').overTcp(tcp)).toBe('closed');
    await server.says('ERR_PROXY_HEADER');
  });
});
