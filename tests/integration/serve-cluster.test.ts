import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasNats, NatsServer } from '../../packages/cluster-nats/test/nats-server.js';
import { hasPostgres, query, url } from '../../packages/store-postgres/test/database-under-test.js';
import { BalancedUser } from './balanced-user.js';
import { FREE_PORTS, Run } from './run.js';

const database = `imcore_serve_${randomBytes(6).toString('hex')}`;
const store = Object.assign(new URL(url), { pathname: `/${database}` }).href;
const runs: Run[] = [];
const users: BalancedUser[] = [];

async function startNode(nodeId: string, cluster: string, ...more: readonly string[]): Promise<Run> {
  const names = ['--node-id', nodeId, '--cluster', cluster];
  const run = new Run('serve', ...FREE_PORTS, '--store', store, ...names, ...more);
  runs.push(run);
  await run.says('Press Ctrl+C to stop.');
  await run.says('"msg":"joined the cluster"');
  return run;
}

/** Starts three nodes that know each other. */
async function startThree(cluster: string): Promise<readonly [Run, Run, Run]> {
  const a = await startNode('a', cluster);
  const b = await startNode('b', cluster);
  const c = await startNode('c', cluster);
  for (const [node, others] of [
    [a, ['b', 'c']],
    [b, ['a', 'c']],
    [c, ['a', 'b']],
  ] as const)
    for (const other of others) await node.says(`"nodeId":"${other}","msg":"a node has joined"`);
  return [a, b, c];
}

const portOf = (node: Run): number => Number(new URL(node.url('tcp')).port);

async function login(userId: string, node: Run): Promise<BalancedUser> {
  const balanced = await BalancedUser.login(userId, portOf(node));
  users.push(balanced);
  return balanced;
}

describe.runIf(await hasPostgres())('imcore serve in a cluster', () => {
  beforeAll(() => query(`CREATE DATABASE ${database}`));
  afterEach(async () => {
    for (const user of users.splice(0)) await user.close();
    for (const { process } of runs) process.kill('SIGKILL');
    await Promise.all(runs.splice(0).map(({ exited }) => exited));
  });
  afterAll(() => query(`DROP DATABASE ${database} WITH (FORCE)`));

  it('carries messages between the users of three nodes over PostgreSQL', async () => {
    const [a, b] = await startThree('postgres');
    const { user: alice } = await login('alice', a);
    const { user: bob } = await login('bob', b);
    await alice.client.send({ to: 'bob', content: 'hello bob' });
    await bob.message('hello bob');
    await bob.client.send({ to: 'alice', content: 'hello alice' });
    await alice.message('hello alice');
    expect(a.errors).toContain('This is node a of the cluster main, over PostgreSQL at ');
  });

  it('kicks out a user who logs in at another node', async () => {
    const [a, b] = await startThree('postgres');
    const { user: old } = await login('twin', a);
    await login('twin', b);
    expect(await old.reports.first(({ kind }) => kind === 'kicked', 'kick-out')).toMatchObject({ code: 1 });
  });

  it('is one node with all its worker processes', async () => {
    const a = await startNode('a', 'postgres', '--workers', '2');
    const b = await startNode('b', 'postgres', '--workers', '2');
    await a.says('"nodeId":"b","msg":"a node has joined"');
    await b.says('"nodeId":"a","msg":"a node has joined"');
    // In turn at the two workers of each node.
    const { user: old } = await login('twin', a);
    const { user: alice } = await login('alice', a);
    const { user: bob } = await login('bob', b);
    const { user: twin } = await login('twin', b);
    expect(await old.reports.first(({ kind }) => kind === 'kicked', 'kick-out')).toMatchObject({ code: 1 });
    await alice.client.send({ to: 'bob', content: 'to the other node' });
    await bob.message('to the other node');
    await bob.client.send({ to: 'twin', content: 'to the other worker' });
    await twin.message('to the other worker');
    expect(b.errors).toContain('This is node b of the cluster main');
    expect(b.errors).toContain('2 worker processes hold the connections.');
  });

  it('delivers what waited when the client of a killed node comes back at another one', async () => {
    const [a, b, c] = await startThree('postgres');
    const bob = await login('bob', a);
    const { user: alice } = await login('alice', b);
    bob.moveTo(1);
    a.process.kill('SIGKILL');
    await a.exited;
    await alice.client.send({ to: 'bob', content: 'are you still there?' });
    bob.moveTo(portOf(c));
    await bob.online();
    await bob.user.message('are you still there?');
    await bob.user.client.send({ to: 'alice', content: 'at another node' });
    await alice.message('at another node');
  });

  it('sends its users to other nodes at SIGTERM, and exits with 0', async () => {
    const a = await startNode('a', 'postgres', '--admin', '127.0.0.1:0');
    const b = await startNode('b', 'postgres');
    await a.says('"nodeId":"b","msg":"a node has joined"');
    const [, health] = /"url":"([^"]+)","msg":"serving \/healthz and \/readyz"/.exec(a.output) ?? [];
    const readiness = async () => (await fetch(`${health}/readyz`)).json();
    const bob = await login('bob', a);
    const { user: alice } = await login('alice', b);
    bob.moveTo(portOf(b));
    expect(await readiness()).toEqual({ status: 'ready' });
    a.process.kill('SIGTERM');
    await expect.poll(readiness).toEqual({ status: 'draining' });
    await bob.user.reports.first(({ kind }) => kind === 'linkLost', 'end of the session', 20_000);
    await bob.online();
    await alice.client.send({ to: 'bob', content: 'welcome' });
    await bob.user.message('welcome');
    expect(await a.exited).toBe(0);
    expect(bob.user.reports.items.some(({ kind }) => kind === 'kicked')).toBe(false);
  });

  it('ends with exit code 1 when another process takes the name of the node', async () => {
    const first = await startNode('a', 'postgres');
    await startNode('a', 'postgres');
    expect(await first.exited).toBe(1);
    expect(first.errors).toContain(
      'imcore: another process of the cluster main has the node ID a: this one stops\n' +
        'Give each node its own --node-id or IMCORE_NODE_ID.\n',
    );
  });

  it.runIf(hasNats())('carries messages between nodes over NATS', async () => {
    const nats = await NatsServer.start();
    try {
      const [a, , c] = await startThree(nats.url);
      const { user: alice } = await login('alice', a);
      const { user: carol } = await login('carol', c);
      await alice.client.send({ to: 'carol', content: 'over NATS' });
      await carol.message('over NATS');
      await login('carol', a);
      expect(await carol.reports.first(({ kind }) => kind === 'kicked', 'kick-out')).toMatchObject({
        code: 1,
      });
    } finally {
      await nats.remove();
    }
  });
});
