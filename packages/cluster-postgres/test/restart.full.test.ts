import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  canMakeCluster,
  makeCluster,
  type PrivateCluster,
} from '../../store-postgres/test/private-cluster.js';
import type { PostgresClusterOptions } from '../src/options.js';
import { startNode } from './node-under-test.js';

const timeout = 20_000;

describe.runIf(canMakeCluster())('postgresCluster() on a server that is stopped and started', () => {
  let server: PrivateCluster;
  const open: (() => Promise<void>)[] = [];
  const urlWith = (password: string) => `postgres://postgres:${password}@127.0.0.1:${server.port}/postgres`;

  beforeAll(async () => {
    server = await makeCluster();
    await server.start();
  }, 60_000);
  afterAll(() => server?.remove(), 60_000);
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });

  async function start(options: Partial<PostgresClusterOptions>) {
    const node = await startNode({ nodeId: 'a', url: urlWith(server.password), ...options });
    open.push(() => node.cluster.close());
    return node;
  }

  const stops = {
    fast: () => server.stop('fast'),
    immediate: () => server.stop('immediate'),
    'kill -9': () => server.kill(),
  };

  it.each(['fast', 'immediate', 'kill -9'] as const)(
    'joins again after a stop with %s',
    async (mode) => {
      const [a, b] = [await start({}), await start({ nodeId: 'b' })];
      await expect.poll(() => [a.states, b.states], { timeout }).toEqual([['joined'], ['joined']]);
      await stops[mode]();
      await expect.poll(() => [...a.states, ...b.states].length, { timeout }).toBe(4);
      expect(a.cluster.send('b', Buffer.from('old'))).toBe(false);
      await server.start();
      await expect.poll(() => [...a.states, ...b.states].length, { timeout }).toBe(6);
      a.cluster.send('b', Buffer.from('new'));
      await expect.poll(() => b.frames, { timeout }).toEqual(['new']);
    },
    60_000,
  );

  it('is away while the password is wrong, does not show it, and joins when it is right', async () => {
    let password = 'wrong-sesame-0815';
    const connection = { host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres' };
    const node = await start({ url: undefined, connection: { ...connection, password: () => password } });
    await expect.poll(() => node.states, { timeout }).toEqual(['away']);
    expect(node.errors[0]).toMatchObject({
      code: 'ERR_CLUSTER_REJECTED',
      message: 'PostgreSQL rejects this node: password authentication failed for user "postgres" (28P01)',
    });
    expect(inspect(node.errors[0], { depth: 20, showHidden: true })).not.toContain(password);
    password = server.password;
    await expect.poll(() => node.states, { timeout }).toEqual(['away', 'joined']);
  });

  it('is away where no password was given', async () => {
    const { states, errors } = await start({ url: urlWith('') });
    await expect.poll(() => states, { timeout }).toEqual(['away']);
    expect(errors).toMatchObject([
      {
        code: 'ERR_CLUSTER_REJECTED',
        message: 'PostgreSQL rejects this node: the server asks for a password, and none was given',
      },
    ]);
  });

  it('is away, with the reason, while the password cannot be fetched', async () => {
    const password = () => Promise.reject(new Error('the vault is sealed'));
    const connection = { host: '127.0.0.1', port: server.port, user: 'postgres', password };
    const { states, errors } = await start({ url: undefined, connection });
    await expect.poll(() => states, { timeout }).toEqual(['away']);
    expect(errors).toMatchObject([
      { code: 'ERR_CLUSTER_AWAY', message: 'PostgreSQL cannot be reached: the vault is sealed' },
    ]);
  });

  it('is away while the server has no TLS that is required', async () => {
    const { states, errors } = await start({ url: `${urlWith(server.password)}?sslmode=verify-full` });
    await expect.poll(() => states, { timeout }).toEqual(['away']);
    expect(errors).toMatchObject([{ code: 'ERR_CLUSTER_AWAY', message: expect.stringContaining('SSL') }]);
    expect(inspect(errors[0], { depth: 20, showHidden: true })).not.toContain(server.password);
  });
});
