import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { canRunDev, DevRun, foldersOf, isRunning } from './dev-run.js';

let dev: DevRun | undefined;

describe.skipIf(!canRunDev)('faults of imcore dev', { timeout: 60_000 }, () => {
  afterEach(async () => {
    await dev?.stop();
    dev = undefined;
  });

  it.each(['nats', 'postgres'])('cuts, pauses and disturbs nodes over %s without a loss', async (bus) => {
    dev = await DevRun.start(...(bus === 'postgres' ? ['--cluster', bus] : []));
    const order = (action: string) => dev?.order({ kind: 'node', action, node: 2 });
    await dev.order({ kind: 'talk', isOn: true });
    await order('loss');
    await dev.until(({ counts }) => counts.received >= 10, '10 messages over a link that loses frames');
    await order('cut');
    await dev.until(({ nodes }) => nodes[0]?.peers.join() === '3', 'a cluster without node 2');
    await order('heal');
    await dev.until(({ nodes }) => nodes.every(({ peers }) => peers.length === 2), 'three nodes again');
    await order('pause');
    await dev.until(({ users }) => users[1]?.state === 'online' && users[1].node === 3, 'bob at node 3');
    await order('resume');
    await dev.order({ kind: 'talk', isOn: false });
    const { counts } = await dev.until(
      ({ counts: now }) => now.acknowledged === now.sent && now.onTheWay === 0,
      'acknowledgement of all messages',
    );
    expect(counts).toMatchObject({ received: counts.sent, missing: 0, failed: 0 });
  });

  it('ends all that it has started when it is killed itself', async () => {
    dev = await DevRun.start();
    const started = dev.children();
    const folders = foldersOf(started);
    expect(folders.length).toBe(2);
    // A paused process does not notice the end of its parent.
    await dev.order({ kind: 'node', action: 'pause', node: 2 });
    dev.run.process.kill('SIGKILL');
    await expect.poll(() => started.filter(isRunning), { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => folders.filter((folder) => existsSync(folder)), { timeout: 10_000 }).toEqual([]);
  });
});
