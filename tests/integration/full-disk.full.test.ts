import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@imcore/client';
import { createClient, tcp as overTcp } from '@imcore/client/node';
import { createServer, tcp } from '@imcore/server';
import { sqliteStore } from '@imcore/store-sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { SmallDisk } from '../../packages/store-sqlite/test/small-disk.js';
import { HOST } from './harness-process.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server with its store on a disk of 2 MiB, and clients that retry every 200 ms. */
async function setUp() {
  const disk = new SmallDisk();
  ends.push(() => disk.remove());
  const store = sqliteStore({ file: join(disk.path, 'messages.db') });
  const server = createServer({ transports: [tcp({ host: HOST, port: 0 })], store, logger: silentLogger });
  const errors: Error[] = [];
  server.on('error', (error) => errors.push(error));
  const [address] = await server.listen();
  ends.push(() => server.close({ drainMs: 0 }));
  const online = async (userId: string) => {
    const transport = overTcp({ host: HOST, port: address?.port ?? 0 });
    const client = createClient({ transport, retry: { waitMs: 200, retries: 100 }, logger: silentLogger });
    ends.push(() => client.close());
    await client.login({ userId, token: 'any' });
    return client;
  };
  return { disk, server, errors, online };
}

describe.runIf(SmallDisk.isAvailable())('a server whose disk is full', () => {
  it('acknowledges no message, reports the reason, and continues when there is space', async () => {
    const { disk, server, errors, online } = await setUp();
    const alice = await online('alice');
    await alice.send({ to: 'bob', content: 'before' });
    const ballast = join(disk.path, 'ballast');
    expect(() => writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024))).toThrowError(/ENOSPC/);
    const contents = Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(3000)}`);
    const state = { acknowledged: 0 };
    const sent = contents.map(async (content) => {
      await alice.send({ to: 'bob', content });
      state.acknowledged += 1;
    });
    await expect.poll(() => server.metrics()['storeFailures'], { timeout: 10_000 }).toBeGreaterThan(1);
    expect(errors).toContainEqual(expect.objectContaining({ code: 'ERR_STORE_FULL' }));
    expect(server.metrics()['messagesUndelivered']).toBeGreaterThan(0);
    expect(state.acknowledged).toBeLessThan(contents.length);

    rmSync(ballast);
    await Promise.all(sent);
    const bob = await online('bob');
    const received: string[] = [];
    bob.on('message', ({ content }) => received.push(content));
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(contents.length + 1);
    expect([...received].sort()).toEqual(['before', ...contents].sort());
  });
});
