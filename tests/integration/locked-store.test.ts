import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@imcore/client';
import { createClient, tcp as overTcp } from '@imcore/client/node';
import { createServer, tcp } from '@imcore/server';
import { sqliteStore } from '@imcore/store-sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { useOtherProcesses } from '../../packages/store-sqlite/test/other-process.js';
import { HOST } from './harness-process.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const startOther = useOtherProcesses();

/** A server whose users are thrown out after 5 s of silence, and clients that retry every 200 ms. */
async function setUp(lockTimeoutMs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'imcore-locked-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'messages.db');
  const store = sqliteStore({ file, lockTimeoutMs });
  const transports = [tcp({ host: HOST, port: 0, senseMode: 3 })];
  const server = createServer({ transports, store, logger: silentLogger });
  const [address] = await server.listen();
  ends.push(() => server.close({ drainMs: 0 }));
  /** `onMessage` is called from the login on: messages may come with its response. */
  const online = async (userId: string, onMessage: (content: string) => void = () => {}) => {
    const transport = overTcp({ host: HOST, port: address?.port ?? 0 });
    const client = createClient({
      ...{ transport, senseMode: 3, logger: silentLogger },
      retry: { waitMs: 200, retries: 100 },
    });
    ends.push(() => client.close());
    client.on('message', ({ content }) => onMessage(content));
    await client.login({ userId, token: 'any' });
    return client;
  };
  return { file, server, online };
}

/** Alice writes to Bob, who is online, and to Carol, who is not, while another process holds a lock for some time. */
async function writeWhileLocked(lockTimeoutMs: number, lockMs: number) {
  const { file, server, online } = await setUp(lockTimeoutMs);
  const [alice, bob] = [await online('alice'), await online('bob')];
  const seen = { links: 0, toBob: 0, acknowledged: [] as string[] };
  for (const client of [alice, bob]) client.on('linkLost', () => seen.links++);
  bob.on('message', () => seen.toBob++);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(20);
  delay.reset();

  const other = startOther(file);
  await other.run('BEGIN IMMEDIATE');
  const sent: Promise<unknown>[] = [];
  const until = performance.now() + lockMs;
  for (let index = 0; performance.now() < until; index++) {
    await alice.send({ to: 'bob', content: `${index}` });
    const content = `for Carol ${index}`;
    sent.push(alice.send({ to: 'carol', content }).then(() => seen.acknowledged.push(content)));
    await sleep(20);
  }
  const acknowledgedWhileLocked = seen.acknowledged.length;
  const storeFailures = server.metrics()['storeFailures'] ?? 0;
  await other.run('COMMIT');
  await Promise.all(sent);
  const longestStandstillMs = delay.max / 1e6;

  const received: string[] = [];
  await online('carol', (content) => received.push(content));
  await expect.poll(() => received.length, { timeout: 10_000 }).toBe(sent.length);
  return {
    ...seen,
    sent: sent.length,
    received,
    acknowledgedWhileLocked,
    storeFailures,
    longestStandstillMs,
  };
}

describe('a server whose database file another process has locked', () => {
  it('goes on for users who are online, and stores the rest when the lock is gone', async () => {
    const outcome = await writeWhileLocked(5000, 2000);
    expect(outcome).toMatchObject({ links: 0, acknowledgedWhileLocked: 0, storeFailures: 0 });
    expect(outcome.toBob).toBe(outcome.sent);
    expect([...outcome.received].sort()).toEqual([...outcome.acknowledged].sort());
    expect(outcome.longestStandstillMs).toBeLessThan(500);
  });

  it('rejects what has waited for lockTimeoutMs, and its senders try again', async () => {
    const outcome = await writeWhileLocked(300, 1500);
    expect(outcome).toMatchObject({ links: 0, acknowledgedWhileLocked: 0 });
    expect(outcome.storeFailures).toBeGreaterThan(0);
    expect([...outcome.received].sort()).toEqual([...outcome.acknowledged].sort());
    expect(outcome.longestStandstillMs).toBeLessThan(500);
  });
});
