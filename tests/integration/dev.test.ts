import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { DevState } from '../../packages/cli/src/dev/dev-state.js';
import { canRunDev, DevRun, foldersOf, isRunning } from './dev-run.js';
import { Run } from './run.js';

const NODE = fileURLToPath(new URL('../../packages/cli/dist/dev/node-main.js', import.meta.url));

/** An order of the page as it is on the wire. */
function orderText(port: string, body: object): string {
  const text = JSON.stringify(body);
  const lines = ['POST /order HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Type: application/json'];
  return [...lines, `Content-Length: ${text.length}`, '', text].join('\r\n');
}

let dev: DevRun | undefined;

it('ends a node of imcore dev whose parent has ended while it started', { timeout: 20_000 }, async () => {
  const ports = { IMCORE_TCP_PORT: '0', IMCORE_UDP_PORT: '0', IMCORE_WS_PORT: '0', IMCORE_HTTP: 'off' };
  const node = fork(NODE, {
    env: { ...ports, IMCORE_HOST: '127.0.0.1', IMCORE_STORE: 'memory' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  try {
    node.disconnect();
    expect(await once(node, 'exit')).toEqual([1, null]);
  } finally {
    node.kill('SIGKILL');
  }
});

describe.skipIf(!canRunDev)('imcore dev', { timeout: 60_000 }, () => {
  afterEach(async () => {
    await dev?.stop();
    dev = undefined;
  });

  it('loses no message when a node is killed, and leaves nothing behind', async () => {
    dev = await DevRun.start();
    const started = dev.children();
    // PostgreSQL with its own processes, NATS, and three nodes.
    expect(started.length).toBeGreaterThan(5);
    const folders = foldersOf(started);
    expect(folders.length).toBe(2);
    // Whoever can log in to PostgreSQL as its superuser may start programs.
    const [, address = ''] = / at (.+)/.exec((await dev.state()).store) ?? [];
    const intruder = new Client(`postgres://postgres@${address}`);
    await expect(intruder.connect()).rejects.toThrow(/password/);
    await dev.order({ kind: 'talk', isOn: true });
    const before = await dev.until(({ counts }) => counts.received >= 5, '5 messages');
    const home = before.users.find(({ userId }) => userId === 'bob')?.node ?? 0;

    expect((await dev.order({ kind: 'node', action: 'kill', node: home })).status).toBe(200);
    const killed = await dev.state();
    expect(killed.nodes[home - 1]).toMatchObject({ run: 'dead', reason: 'kill -9' });
    expect(isRunning(String(before.nodes[home - 1]?.pid))).toBe(false);
    await dev.until(
      ({ users, counts }) =>
        users.every(({ state, node }) => state === 'online' && node !== home) &&
        counts.received >= before.counts.received + 8,
      'messages after the kill',
    );
    await dev.order({ kind: 'talk', isOn: false });
    const { counts } = await dev.until(
      ({ counts: now }) => now.acknowledged === now.sent && now.onTheWay === 0,
      'acknowledgement of all messages',
    );
    expect(counts).toMatchObject({ received: counts.sent, missing: 0, failed: 0 });

    expect((await dev.order({ kind: 'node', action: 'start', node: home })).status).toBe(200);
    await dev.until(({ nodes }) => nodes.every(({ peers }) => peers.length === 2), 'three nodes again');
    // The end of the killed process is noticed after the start of the next one.
    const order = { kind: 'node', node: home };
    await Promise.all([dev.order({ ...order, action: 'kill' }), dev.order({ ...order, action: 'start' })]);
    const all = await dev.until(({ nodes }) => nodes.every(({ peers }) => peers.length === 2), 'three nodes');
    expect(all.nodes.map(({ run }) => run)).toEqual(['running', 'running', 'running']);

    expect(await dev.stop()).toBe(0);
    await expect.poll(() => started.filter(isRunning)).toEqual([]);
    expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
  });

  it('starts a node again whose process has not ended yet', async () => {
    dev = await DevRun.start();
    const { port } = new URL(dev.url);
    const before = (await dev.state()).nodes[2]?.pid;
    const socket = connect(Number(port), '127.0.0.1');
    // Both orders in one segment: the second one is carried out before the process has ended.
    socket.write(
      ['kill', 'start'].map((action) => orderText(port, { kind: 'node', action, node: 3 })).join(''),
    );
    const isBack = ({ nodes }: DevState): boolean => nodes.every(({ peers }) => peers.length === 2);
    try {
      const { nodes } = await dev.until((state) => isBack(state) && state.nodes[2]?.pid !== before, 'node 3');
      expect(nodes[2]?.run).toBe('running');
      expect(isRunning(String(nodes[2]?.pid))).toBe(true);
    } finally {
      socket.destroy();
    }
  });

  it('names the port that another program uses, and takes no orders of other web pages', async () => {
    dev = await DevRun.start('--cluster', 'postgres');
    const { port } = new URL(dev.url);
    const second = new Run('dev', '--port', port);
    expect(await second.exited).toBe(1);
    expect(second.errors).toContain(`imcore: Already in use: 127.0.0.1:${port} (control page)`);
    expect(second.errors).toContain('(ERR_PORT_IN_USE)');

    const kill = { kind: 'node', action: 'kill', node: 1 };
    expect((await dev.order(kill, { origin: 'https://example.com' })).status).toBe(403);
    expect((await dev.order(kill, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await fetch(`${dev.url}order`)).status).toBe(404);
    const resume = await dev.order({ ...kill, action: 'resume' }, { origin: new URL(dev.url).origin });
    expect([resume.status, await resume.json()]).toMatchObject([409, { code: 'ERR_NOT_POSSIBLE' }]);
    expect((await dev.state()).nodes[0]?.run).toBe('running');
  });
});
