import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { silentLogger } from '@imcore/client';
import { createClient, type ImClient, type Message, tcp } from '@imcore/client/node';
import { canSharePort } from '@imcore/server/transport-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificateFiles } from './certificate-files.js';
import { FREE_PORTS, Run } from './run.js';

const LOGGER = silentLogger;

describe('imcore serve --workers 2', () => {
  let directory: string;
  let runs: Run[];
  let clients: ImClient[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'imcore-workers-'));
    runs = [];
    clients = [];
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    for (const { process } of runs) process.kill('SIGKILL');
    await Promise.all(runs.map(({ exited }) => exited));
    rmSync(directory, { recursive: true });
  });

  const serve = async (...args: string[]): Promise<Run> => {
    const server = new Run('serve', ...FREE_PORTS, '--workers', '2', '--store', 'none', ...args);
    runs.push(server);
    await server.says('Press Ctrl+C to stop.');
    await server.says('"msg":"workers hold the connections"');
    return server;
  };

  const login = async (userId: string, url: string, settings: object = {}): Promise<ImClient> => {
    const client = createClient({ url, logger: LOGGER, ...settings });
    clients.push(client);
    await client.login({ userId });
    return client;
  };

  it('connects users over all transports, in both workers', async () => {
    const server = await serve();
    // Where Node can share a UDP port, each of the eight is at one of both with the same chance.
    const note = canSharePort(process.versions.node) ? '' : ' Worker 1 has UDP.';
    const udp = canSharePort(process.versions.node) ? '1,2' : '1';
    expect(server.errors).toContain(`2 worker processes hold the connections.${note}\n`);
    expect(server.output).toContain(`"workers":2,"udp":"${udp}","msg":"workers hold the connections"`);
    const overUdp = Array.from({ length: 8 }, () => 'udp');
    const urls = ['tcp', 'tcp', 'ws', 'ws', ...overUdp].map((scheme) => server.url(scheme));
    const users: ImClient[] = [];
    for (const [index, url] of urls.entries()) users.push(await login(`user${index}`, url));
    // Connections are shared out in turn, so each pair has users of both.
    const received = users.map((user) => contentsOf(user));
    for (const [from, user] of users.entries())
      for (const to of users.keys())
        if (to !== from) await user.send({ to: `user${to}`, content: `${from} to ${to} 消息` });
    const expected = (to: number) =>
      [...users.keys()].filter((from) => from !== to).map((from) => `${from} to ${to} 消息`);
    for (const [to, contents] of received.entries()) expect(contents).toEqual(expected(to));
  });

  it('kicks a duplicate login on the other worker', async () => {
    const server = await serve();
    const first = await login('alice', server.url('tcp'));
    const kicked = new Promise((resolve) => first.on('kicked', ({ code }) => resolve(code)));
    await login('alice', server.url('tcp'));
    expect(await kicked).toBe(1);
  });

  it('does TLS in the workers, and reloads the certificate in all of them', async () => {
    const { cert, key } = makeCertificateFiles(directory);
    const server = await serve('--tls-cert', cert, '--tls-key', key);
    const url = new URL(server.url('tls'));
    const before = readFileSync(cert, 'utf8');
    expect(await fingerprints(url.port)).toEqual([fingerprintOf(cert), fingerprintOf(cert)]);
    makeCertificateFiles(directory);
    expect(readFileSync(cert, 'utf8')).not.toBe(before);
    server.process.kill('SIGHUP');
    await server.says('reloaded certificate and key');
    let seen = await fingerprints(url.port);
    while (seen.some((each) => each !== fingerprintOf(cert))) seen = await fingerprints(url.port);
    const transport = tcp({ host: '127.0.0.1', port: Number(url.port), tls: { rejectUnauthorized: false } });
    const alice = createClient({ transport, logger: LOGGER });
    clients.push(alice);
    await alice.login({ userId: 'alice' });
    await alice.send({ to: 'alice', content: 'to myself' });
  });

  it('disconnects a peer that does not read, and nobody else', async () => {
    const server = await serve('--limits', 'stallTimeoutMs=1500,packetsPerSecond=100000');
    const { port } = new URL(server.url('tcp'));
    const slow = net.connect(Number(port), '127.0.0.1');
    slow.write(
      frame({
        type: 0,
        dataContent: JSON.stringify({ loginUserId: 'slow', firstLoginTime: 0 }),
        from: 'slow',
        to: '0',
      }),
    );
    await server.says('"userId":"slow"');
    slow.pause();
    const [alice, bob] = [await login('alice', server.url('tcp')), await login('bob', server.url('tcp'))];
    const received = contentsOf(bob);
    const content = 'x'.repeat(5000);
    const limited = server.says('"limit":"stallTimeoutMs"');
    let isLimited = false;
    void limited.then(() => {
      isLimited = true;
    });
    // Without QoS nobody waits for acknowledgements.
    while (!isLimited) {
      for (let times = 0; times < 20; times++) await alice.send({ to: 'slow', content, qos: false });
      await alice.send({ to: 'bob', content: 'still here' });
    }
    expect(received).toContain('still here');
    slow.destroy();
  });

  it('loses no acknowledged message when a worker is killed under load', { timeout: 60_000 }, async () => {
    const server = await serve('--store', join(directory, 'messages.db'));
    const url = server.url('tcp');
    const retry = { waitMs: 300, retries: 20 };
    const settings = { retry, backoff: { minMs: 50, initialMs: 100, maxMs: 500 }, sendTimeoutMs: 30_000 };
    const users: ImClient[] = [];
    for (let index = 0; index < 12; index++) users.push(await login(`u${index}`, url, settings));
    const received = users.map((user) => contentsOf(user));
    const lost = users.map(() => 0);
    for (const [index, user] of users.entries())
      user.on('linkLost', () => {
        lost[index] = (lost[index] ?? 0) + 1;
      });
    const acknowledged: string[][] = users.map(() => []);
    let isLoading = true;
    const load = users.map(async (user, index) => {
      const to = (index + 5) % users.length;
      for (let count = 0; isLoading; count++) {
        const content = `${index}.${count}`;
        await user.send({ to: `u${to}`, content });
        acknowledged[to]?.push(content);
      }
    });
    const arrived = () => acknowledged.reduce((sum, contents) => sum + contents.length, 0);
    await reach(() => arrived() > 300);
    const [, victim = 0] = workersOf(server);
    process.kill(victim, 'SIGKILL');
    await server.says('ended with signal SIGKILL');
    await server.says('"code":"ERR_WORKER_LOST"');
    const then = arrived();
    await reach(() => lost.some((times) => times > 0) && arrived() > then + 300);
    await reach(() => workersOf(server).length === 2 && !workersOf(server).includes(victim));
    isLoading = false;
    await Promise.all(load);
    for (const [to, contents] of acknowledged.entries())
      await reach(() => contents.every((content) => received[to]?.includes(content)));
    for (const contents of received) expect(contents.length).toBe(new Set(contents).size);
    // Half of the connections were with the other worker, and saw nothing.
    expect(lost.filter((times) => times === 0).length).toBe(6);
    expect(lost.filter((times) => times > 0).length).toBe(6);
  });

  it('ends all processes on SIGTERM to the group', async () => {
    const server = await serve();
    await login('alice', server.url('tcp'), { autoReconnect: false });
    const pids = workersOf(server);
    expect(pids).toHaveLength(2);
    // As a terminal or a service manager does: the workers wait for the core.
    for (const pid of [...pids, server.process.pid ?? 0]) process.kill(pid, 'SIGTERM');
    expect(await server.exited).toBe(0);
    expect(server.output).toContain('"msg":"stopped"');
    expect(server.output).not.toContain('ERR_WORKER_LOST');
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('leaves no process behind when the core is killed', async () => {
    const server = await serve();
    const alice = await login('alice', server.url('tcp'), { autoReconnect: false });
    const lost = new Promise((resolve) => alice.on('linkLost', resolve));
    const pids = workersOf(server);
    server.process.kill('SIGKILL');
    await lost;
    await reach(() => !pids.some(isAlive));
  });

  it.each(['65', '-1', '1.5', 'two'])('rejects --workers %s', async (value) => {
    const run = new Run('serve', ...FREE_PORTS, `--workers=${value}`);
    runs.push(run);
    expect(await run.exited).toBe(1);
    expect(run.errors).toBe(`imcore: --workers must be a whole number from 0 to 64, got "${value}"\n`);
  });
});

/** The fingerprints of the certificates of both workers: connections are shared out in turn. */
async function fingerprints(port: string): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = [];
  for (let worker = 1; worker <= 2; worker++) {
    const socket = tls.connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    seen.push(socket.getPeerCertificate().fingerprint256);
    socket.destroy();
  }
  return seen;
}

function fingerprintOf(certificate: string): string {
  return new X509Certificate(readFileSync(certificate)).fingerprint256;
}

/** A packet with the header of TCP. */
function frame(packet: object): Buffer {
  const bytes = Buffer.from(`\0\0\0\0${JSON.stringify(packet)}`);
  bytes.writeUInt32BE(bytes.length - 4);
  return bytes;
}

/** The contents that a client receives, in order, from now on. */
function contentsOf(client: ImClient): string[] {
  const contents: string[] = [];
  client.on('message', (message: Message) => contents.push(message.content));
  return contents;
}

/** Waits for a condition of other processes. */
async function reach(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the condition did not hold within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The process IDs of the workers that run. */
function workersOf({ process: { pid } }: Run): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
