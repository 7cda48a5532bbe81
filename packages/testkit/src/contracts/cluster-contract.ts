import type { Cluster, ClusterHost } from '@imcore/server/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterFixture, CreateClusterFixture } from './cluster-fixture.js';

/** How long anything may take that must come, in milliseconds. */
const timeout = 20_000;

/** Records what a cluster reports. Frames are kept as texts of one character per byte. */
class HostUnderTest implements ClusterHost {
  readonly states: ('joined' | 'away')[] = [];
  readonly frames: string[] = [];
  readonly errors: Error[] = [];

  receive(frame: Uint8Array): void {
    this.frames.push(textOf(frame));
  }

  joined(): void {
    this.states.push('joined');
  }

  away(error: Error): void {
    this.states.push('away');
    this.errors.push(error);
  }

  get calls(): number {
    return this.states.length + this.frames.length;
  }
}

interface Node {
  readonly cluster: Cluster;
  readonly host: HostUnderTest;
}

/**
 * What every {@link Cluster} must do: carry frames to one node and to all others, drop them while it is away and never
 * send them later, join again by itself, and be silent after `close`. The order of frames is not tested: none is promised.
 */
export function describeCluster(name: string, create: CreateClusterFixture): void {
  describe(`cluster contract: ${name}`, () => {
    let fixture: ClusterFixture;
    const nodes: Cluster[] = [];
    beforeEach(async () => {
      fixture = await create();
    });
    afterEach(async () => {
      await Promise.all(nodes.splice(0).map((node) => node.close()));
      await fixture.dispose();
    });

    async function start(nodeId: string, clusterName?: string): Promise<Node> {
      const cluster = fixture.node(nodeId, clusterName);
      nodes.push(cluster);
      const host = new HostUnderTest();
      await cluster.start(host);
      return { cluster, host };
    }

    async function join(nodeId: string, clusterName?: string): Promise<Node> {
      const node = await start(nodeId, clusterName);
      await expect.poll(() => node.host.states.at(-1), { timeout }).toBe('joined');
      return node;
    }

    it('has the name that it was given', async () => {
      const { cluster } = await join('node-1_A');
      expect(cluster.nodeId).toBe('node-1_A');
    });

    it('carries a frame to one node, and not to others', async () => {
      const [a, b, c] = [await join('a'), await join('b'), await join('c')];
      expect(a.cluster.send('b', bytesOf('to b'))).toBe(true);
      await expect.poll(() => b.host.frames, { timeout }).toEqual(['to b']);
      await settle([a, b, c]);
      expect(c.host.frames.toSorted()).toEqual(['settle a', 'settle b']);
    });

    it('carries a frame to all other nodes, and not to itself', async () => {
      const [a, b, c] = [await join('a'), await join('b'), await join('c')];
      expect(a.cluster.broadcast(bytesOf('to all'))).toBe(true);
      await expect.poll(() => [b.host.frames, c.host.frames], { timeout }).toEqual([['to all'], ['to all']]);
      await settle([a, b, c]);
      expect(a.host.frames.toSorted()).toEqual(['settle b', 'settle c']);
    });

    it('carries many frames in both directions, none of them twice or damaged', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const texts = (from: string) => Array.from({ length: 300 }, (_, n) => `${from} ${n} ${'x'.repeat(n)}`);
      for (const text of texts('a')) expect(a.cluster.send('b', bytesOf(text))).toBe(true);
      for (const text of texts('b')) expect(b.cluster.broadcast(bytesOf(text))).toBe(true);
      await expect.poll(() => b.host.frames.length, { timeout }).toBe(300);
      await expect.poll(() => a.host.frames.length, { timeout }).toBe(300);
      expect(b.host.frames.toSorted()).toEqual(texts('a').toSorted());
      expect(a.host.frames.toSorted()).toEqual(texts('b').toSorted());
    });

    it('carries equal frames as often as they were sent', async () => {
      const [a, b] = [await join('a'), await join('b')];
      for (let count = 0; count < 3; count += 1) a.cluster.send('b', bytesOf('again'));
      await expect.poll(() => b.host.frames, { timeout }).toEqual(['again', 'again', 'again']);
    });

    it('carries every byte, and the empty frame', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      a.cluster.send('b', every);
      await expect.poll(() => b.host.frames, { timeout }).toEqual([textOf(every)]);
      a.cluster.send('b', new Uint8Array(0));
      await expect.poll(() => b.host.frames, { timeout }).toEqual([textOf(every), '']);
    });

    it('has taken the bytes of a frame when the call returns', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const buffer = bytesOf('first');
      a.cluster.send('b', buffer);
      buffer.set(bytesOf('other'));
      await expect.poll(() => b.host.frames, { timeout }).toEqual(['first']);
    });

    it('carries frames of maxFrameBytes', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const { maxFrameBytes } = a.cluster;
      expect(maxFrameBytes).toBeGreaterThanOrEqual(4096);
      const largest = new Uint8Array(maxFrameBytes).fill(0xff);
      expect(a.cluster.send('b', largest)).toBe(true);
      await expect
        .poll(() => b.host.frames.map((frame) => frame.length), { timeout })
        .toEqual([maxFrameBytes]);
      expect(b.host.frames[0] === textOf(largest)).toBe(true);
    });

    it('drops a larger frame, and stays joined', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const tooLarge = new Uint8Array(a.cluster.maxFrameBytes + 1);
      expect(a.cluster.send('b', tooLarge)).toBe(false);
      expect(a.cluster.broadcast(tooLarge)).toBe(false);
      await settle([a, b]);
      expect(b.host.frames).toEqual(['settle a']);
      expect(a.host.states).toEqual(['joined']);
    });

    it.each(['*', '>', 'b.c', '', 'b c', 'x'.repeat(65)])('drops a frame to the node %j', async (nodeId) => {
      const [a, b] = [await join('a'), await join('b')];
      expect(a.cluster.send(nodeId, bytesOf('one'))).toBe(false);
      await settle([a, b]);
      expect(b.host.frames).toEqual(['settle a']);
    });

    it('drops a frame to a node that is not there', async () => {
      const [a, b] = [await join('a'), await join('b')];
      a.cluster.send('nobody', bytesOf('one'));
      await settle([a, b]);
      expect(b.host.frames).toEqual(['settle a']);
      expect(a.host.states).toEqual(['joined']);
    });

    it('separates clusters of different names', async () => {
      const [a, b] = [await join('a', 'one'), await join('b', 'one')];
      const [other, more] = [await join('b', 'two'), await join('c', 'one_n_b')];
      a.cluster.send('b', bytesOf('to b'));
      a.cluster.broadcast(bytesOf('to all'));
      await expect.poll(() => b.host.frames.toSorted(), { timeout }).toEqual(['to all', 'to b']);
      await settle([other, await join('d', 'two')]);
      await settle([more, await join('d', 'one_n_b')]);
      expect(other.host.frames).toEqual(['settle d']);
      expect(more.host.frames).toEqual(['settle d']);
    });

    it('sends nothing before it has joined', async () => {
      const b = await join('b');
      const early = await start('a');
      expect(early.cluster.send('b', bytesOf('early'))).toBe(false);
      expect(early.cluster.broadcast(bytesOf('early'))).toBe(false);
      await expect.poll(() => early.host.states, { timeout }).toEqual(['joined']);
      await settle([early, b]);
      expect(b.host.frames).toEqual(['settle a']);
    });

    it('reports once that it is away, and joins again by itself', async () => {
      const [a, b] = [await join('a'), await join('b')];
      await fixture.interrupt();
      await expect.poll(() => a.host.states, { timeout }).toEqual(['joined', 'away']);
      await expect.poll(() => b.host.states, { timeout }).toEqual(['joined', 'away']);
      expect(a.host.errors[0]).toMatchObject({ name: 'ClusterError' });
      await fixture.restore();
      await expect.poll(() => a.host.states, { timeout }).toEqual(['joined', 'away', 'joined']);
      await expect.poll(() => b.host.states, { timeout }).toEqual(['joined', 'away', 'joined']);
      a.cluster.send('b', bytesOf('to b'));
      b.cluster.broadcast(bytesOf('to all'));
      await expect.poll(() => [a.host.frames, b.host.frames], { timeout }).toEqual([['to all'], ['to b']]);
    });

    it('drops frames while it is away, and sends none of them later', async () => {
      const [a, b] = [await join('a'), await join('b')];
      await fixture.interrupt();
      await expect.poll(() => a.host.states.at(-1), { timeout }).toBe('away');
      await expect.poll(() => b.host.states.at(-1), { timeout }).toBe('away');
      const isDone = expect.poll(() => [...a.host.states, ...b.host.states].length, { timeout }).toBe(6);
      const answers = new Set<boolean>();
      const sending = setInterval(() => {
        if (a.host.states.at(-1) !== 'away') return;
        answers.add(a.cluster.send('b', bytesOf('old')));
        answers.add(a.cluster.broadcast(bytesOf('old')));
      }, 1);
      await fixture.restore();
      await isDone;
      clearInterval(sending);
      await settle([a, b]);
      expect([...answers]).toEqual([false]);
      expect(b.host.frames).toEqual(['settle a']);
    });

    it('starts without a server, reports it once, and joins when there is one', async () => {
      await fixture.interrupt();
      const { cluster, host } = await start('a');
      await expect.poll(() => host.states, { timeout }).toEqual(['away']);
      expect(cluster.broadcast(bytesOf('early'))).toBe(false);
      await fixture.restore();
      await expect.poll(() => host.states, { timeout }).toEqual(['away', 'joined']);
    });

    it('writes what was sent before it leaves', async () => {
      const [a, b] = [await join('a'), await join('b')];
      const frame = new Uint8Array(4096);
      for (let count = 0; count < 500; count += 1) expect(a.cluster.send('b', frame)).toBe(true);
      await a.cluster.close();
      await expect.poll(() => b.host.frames.length, { timeout }).toBe(500);
    });

    it('does not call its host after close, and drops frames', async () => {
      const [a, b, c] = [await join('a'), await join('b'), await join('c')];
      const closed = a.cluster.close();
      const { calls } = a.host;
      expect(a.cluster.send('b', bytesOf('late'))).toBe(false);
      expect(a.cluster.broadcast(bytesOf('late'))).toBe(false);
      b.cluster.send('a', bytesOf('one'));
      b.cluster.broadcast(bytesOf('two'));
      await closed;
      await fixture.interrupt();
      await expect.poll(() => b.host.states.at(-1), { timeout }).toBe('away');
      await fixture.restore();
      await expect.poll(() => [b, c].map(({ host }) => host.states.length), { timeout }).toEqual([3, 3]);
      expect(a.host.calls).toBe(calls);
      expect(b.host.frames).toEqual([]);
    });

    it('can be closed twice, while it is away, and without having been started', async () => {
      const a = await join('a');
      await Promise.all([a.cluster.close(), a.cluster.close()]);
      await a.cluster.close();
      await fixture.node('b').close();
      await fixture.interrupt();
      const c = await start('c');
      await c.cluster.close();
      const { calls } = c.host;
      await fixture.restore();
      await join('d');
      expect(c.host.calls).toBe(calls);
    });

    it('lets a successor have the name of a node that has left', async () => {
      const b = await join('b');
      await (await join('a')).cluster.close();
      const next = await join('a');
      b.cluster.send('a', bytesOf('to the successor'));
      await expect.poll(() => next.host.frames, { timeout }).toEqual(['to the successor']);
    });
  });
}

/** Waits until a frame of each node has arrived at each other one, so that earlier ones have arrived, too. */
async function settle(nodes: readonly Node[]): Promise<void> {
  for (const { cluster } of nodes) cluster.broadcast(bytesOf(`settle ${cluster.nodeId}`));
  for (const { host, cluster } of nodes) {
    const others = nodes.filter((each) => each.cluster !== cluster);
    await expect
      .poll(() => others.every((each) => host.frames.includes(`settle ${each.cluster.nodeId}`)), { timeout })
      .toBe(true);
  }
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
