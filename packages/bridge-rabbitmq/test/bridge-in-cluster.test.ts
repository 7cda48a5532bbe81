import { createClient, type ImClient, silentLogger, tcp as tcpTransport } from '@imcore/client/node';
import { createServer, memoryStore, type Route, systemClock, tcp } from '@imcore/server';
import { SeededRandom, SimulatedBus } from '@imcore/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { contentsOf, FRAME_MS, Nodes } from '../../server/test/cluster/nodes.js';
import type { BenchOptions } from '../../server/test/support/bench.js';
import { acknowledgement, message } from '../../server/test/support/wire.js';
import { bridgeElsewhere } from '../src/bridge-elsewhere.js';
import { BridgeRoute, bridgeRoute } from '../src/bridge-route.js';
import { createBroker, hasBroker, openScene } from './support/broker.js';
import { LoopbackBroker } from './support/loopback-broker.js';

/** The types of the server's sources, those of the bridge being of its build. */
type BenchRoute = NonNullable<BenchOptions['routes']>[number];

const timeout = 20_000;
const HOST = '127.0.0.1';

describe.runIf(await hasBroker())('a cluster of which one node has the bridge', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function start() {
    const scene = await openScene();
    open.push(() => scene.close());
    const bus = new SimulatedBus({ clock: systemClock, random: new SeededRandom(1) });
    const store = memoryStore();
    const startNode = async (nodeId: string, route: Route) => {
      const server = createServer({
        ...{ logger: silentLogger, store: store.share(), cluster: bus.createMember(nodeId), routes: [route] },
        transports: [tcp({ host: HOST, port: 0, senseMode: 3 })],
      });
      open.push(() => server.close({ drainMs: 0 }));
      const [address] = await server.listen();
      const online = async (userId: string): Promise<{ client: ImClient; contents: string[] }> => {
        const transport = tcpTransport({ host: HOST, port: address?.port ?? 0 });
        const client = createClient({ transport, senseMode: 3, logger: silentLogger });
        open.push(() => client.close());
        const contents: string[] = [];
        client.on('message', ({ content }) => contents.push(content));
        await client.login({ userId, token: 't' });
        await expect.poll(() => nodes.map(({ server }) => server.isOnline(userId))).not.toContain(false);
        return { client, contents };
      };
      return { server, online };
    };
    const a = await startNode('a', bridgeRoute(createBroker(scene.options)));
    const b = await startNode('b', bridgeElsewhere());
    const nodes = [a, b];
    await expect.poll(() => a.server.metrics()['bridgeJoined'], { timeout }).toBe(1);
    await expect.poll(() => nodes.map(({ server }) => server.cluster?.nodes().length)).toEqual([1, 1]);
    const waiting = async () => ({
      pointers: (await store.take('-1', 0, 10)).entries.length,
      bob: (await store.take('bob', 0, 10)).entries.length,
      web: (await store.take('webbob', 0, 10)).entries.length,
    });
    return { ...scene, a, b, waiting };
  }

  const fromWeb = (fields: object): string =>
    JSON.stringify({ bridge: false, type: 2, QoS: true, typeu: -1, sm: -1, ...fields });
  const textsOf = (received: readonly string[]) => received.map((text) => JSON.parse(text).dataContent);

  it('brings messages of the other system to users of every node', async () => {
    const { web, a, b } = await start();
    const [alice, bob] = [await a.online('alice'), await b.online('bob')];
    for (const to of ['alice', 'bob'])
      await web.send(fromWeb({ from: 'webbob', to, dataContent: `to ${to}`, fp: `w-${to}` }));
    await expect.poll(() => [alice.contents, bob.contents], { timeout }).toEqual([['to alice'], ['to bob']]);
    await expect.poll(() => web.count('web2app'), { timeout }).toBe(0);
  });

  it('publishes nothing for users who are online at another node', async () => {
    const { web, a, b } = await start();
    const [alice, bob] = [await a.online('alice'), await b.online('bob')];
    await alice.client.send({ to: 'bob', content: 'inside' });
    await bob.client.send({ to: 'alice', content: 'inside too' });
    await expect.poll(() => [alice.contents, bob.contents]).toEqual([['inside too'], ['inside']]);
    await alice.client.send({ to: 'webbob', content: 'outside' });
    await expect.poll(() => textsOf(web.received), { timeout }).toEqual(['outside']);
  });

  it('publishes what users of a node without the bridge write, in order', async () => {
    const { web, b, waiting } = await start();
    const bob = await b.online('bob');
    for (const content of ['1', '2', '3']) await bob.client.send({ to: 'webbob', content });
    await expect.poll(() => textsOf(web.received), { timeout }).toEqual(['1', '2', '3']);
    await expect.poll(waiting, { timeout }).toEqual({ pointers: 0, bob: 0, web: 0 });
  });

  it('does not publish what has waited for the broker and was read at another node', async () => {
    const { web, a, b, proxy, waiting } = await start();
    const alice = await a.online('alice');
    await proxy.stop();
    await expect.poll(() => a.server.metrics()['bridgeJoined'], { timeout }).toBe(0);
    await alice.client.send({ to: 'bob', content: 'waits' });
    const bob = await b.online('bob');
    await expect.poll(() => bob.contents, { timeout }).toEqual(['waits']);
    await alice.client.send({ to: 'webbob', content: 'waits too' });
    await proxy.start();
    await expect.poll(() => textsOf(web.received), { timeout }).toEqual(['waits too']);
    await expect.poll(waiting, { timeout }).toEqual({ pointers: 0, bob: 0, web: 0 });
    expect(bob.contents).toEqual(['waits']);
  });
});

describe('in virtual time, a bridge in a cluster', () => {
  const routeTo = (broker: LoopbackBroker) => new BridgeRoute(broker) as unknown as BenchRoute;

  it('does not publish what a user of another node has been sent and has not acknowledged', async () => {
    const nodes = new Nodes();
    const broker = new LoopbackBroker();
    const a = await nodes.start('a', { routes: [routeTo(broker)] });
    const b = await nodes.start('b');
    await nodes.advance(2000);
    const alice = await a.online('alice');
    broker.lose(new Error('no broker'));
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(FRAME_MS);
    const bob = await b.online('bob');
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual(['hello']);
    broker.join();
    await nodes.advance(1000);
    expect(broker.published).toEqual([]);
    expect(await nodes.store.count('-1')).toMatchObject({ messages: 0 });
    bob.write(acknowledgement('bob', 'alice', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(await nodes.store.count('bob')).toMatchObject({ messages: 0 });
  });

  it('has what it stores brought to a user who came online at another node meanwhile', async () => {
    const nodes = new Nodes();
    const broker = new LoopbackBroker();
    const a = await nodes.start('a', { routes: [routeTo(broker)] });
    const b = await nodes.start('b');
    await nodes.advance(2000);
    broker.lose(new Error('no broker'));
    const alice = await a.online('alice');
    const bob = await b.online('bob');
    // Node a does not know of bob yet.
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(contentsOf(bob)).toEqual(['hello']);
  });

  it('publishes what another node has stored for it within about a second', async () => {
    const nodes = new Nodes();
    const broker = new LoopbackBroker();
    await nodes.start('a', { routes: [routeTo(broker)] });
    const b = await nodes.start('b', { routes: [bridgeElsewhere() as unknown as BenchRoute] });
    await nodes.advance(2000);
    const bob = await b.online('bob');
    bob.write(message('bob', 'webbob', 'hello', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(bob.received).toMatchObject([{ type: 4, dataContent: 'f1' }]);
    await nodes.advance(1000);
    expect(broker.published).toMatchObject([{ fp: 'f1', to: 'webbob' }]);
    expect(await nodes.store.count('webbob')).toMatchObject({ messages: 0 });
    expect(await nodes.store.count('-1')).toMatchObject({ messages: 0 });
  });
});
