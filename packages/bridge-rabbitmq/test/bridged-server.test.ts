import { createClient, type ImClient, silentLogger, tcp as tcpTransport } from '@imcore/client/node';
import { createServer, memoryStore, type ServerOptions, tcp } from '@imcore/server';
import { afterEach, describe, expect, it } from 'vitest';
import { bridgeRoute } from '../src/bridge-route.js';
import { createBroker, hasBroker, openScene as openBrokerScene } from './support/broker.js';

const timeout = 20_000;
const HOST = '127.0.0.1';

/** What a user of the Web edition sends, as the Web edition writes it. */
function fromWeb(fields: object): string {
  return JSON.stringify({ bridge: false, type: 2, QoS: true, typeu: -1, sm: -1, ...fields });
}

describe.runIf(await hasBroker())('a server with a bridge over RabbitMQ', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function start(options: Partial<ServerOptions> = {}) {
    const scene = await openBrokerScene();
    open.push(() => scene.close());
    const routes = [bridgeRoute(createBroker(scene.options))];
    const transports = [tcp({ host: HOST, port: 0, senseMode: 3 })];
    const server = createServer({ logger: silentLogger, ...options, routes, transports });
    const states: string[] = [];
    server.on('bridge', ({ state }) => states.push(state));
    const [address] = await server.listen();
    open.push(() => server.close({ drainMs: 0 }));
    const online = async (userId: string): Promise<{ client: ImClient; contents: string[] }> => {
      const transport = tcpTransport({ host: HOST, port: address?.port ?? 0 });
      const client = createClient({ transport, senseMode: 3, logger: silentLogger });
      open.push(() => client.close());
      const contents: string[] = [];
      client.on('message', ({ content }) => contents.push(content));
      await client.login({ userId, token: 't' });
      return { client, contents };
    };
    const joined = () => expect.poll(() => states.at(-1), { timeout }).toBe('joined');
    return { ...scene, server, states, online, joined };
  }

  it('brings text in any script, with QoS and without, both ways', async () => {
    const { web, server, online, joined } = await start();
    await joined();
    const { client, contents } = await online('alice');
    await client.send({ to: 'webbob', content: '到网页 😀 <b>', fingerprint: 'fp-1' });
    await server.send('webbob', 'plain', { qos: false });
    await server.send('webbob', 'from the server', { fingerprint: 'fp-2' });
    await expect
      .poll(() => web.received.map((text) => JSON.parse(text)), { timeout })
      .toMatchObject([
        { from: 'alice', to: 'webbob', dataContent: '到网页 😀 <b>', fp: 'fp-1', QoS: true, bridge: false },
        { from: '0', to: 'webbob', dataContent: 'plain', QoS: false },
        { from: '0', to: 'webbob', dataContent: 'from the server', fp: 'fp-2', QoS: true },
      ]);
    await web.send(fromWeb({ from: 'webbob', to: 'alice', dataContent: '来自网页 😀', fp: 'w-1' }));
    await web.send(fromWeb({ from: 'webbob', to: 'alice', dataContent: 'no fingerprint', QoS: false }));
    await expect.poll(() => contents, { timeout }).toEqual(['来自网页 😀', 'no fingerprint']);
    await expect.poll(() => web.count('web2app'), { timeout }).toBe(0);
  });

  it('starts without a broker, serves its users, logs it, and joins by itself', async () => {
    const lines: string[] = [];
    const say = (_fields: object, text: string) => lines.push(text);
    const logger = { debug() {}, info: say, warn: say, error: say };
    const scene = await openBrokerScene();
    open.push(() => scene.close());
    await scene.proxy.stop();
    const transports = [tcp({ host: HOST, port: 0, senseMode: 3 })];
    const routes = [bridgeRoute(createBroker(scene.options))];
    const server = createServer({ transports, logger, routes });
    open.push(() => server.close({ drainMs: 0 }));
    const [address] = await server.listen();
    const clients = ['alice', 'bob'].map(() =>
      createClient({
        transport: tcpTransport({ host: HOST, port: address?.port ?? 0 }),
        senseMode: 3,
        logger: silentLogger,
      }),
    );
    const [alice, bob] = clients;
    if (alice === undefined || bob === undefined) throw new Error('no clients');
    open.push(async () => void (await Promise.all(clients.map((client) => client.close()))));
    await alice.login({ userId: 'alice', token: 't' });
    await bob.login({ userId: 'bob', token: 't' });
    await alice.send({ to: 'bob', content: 'hello' });
    await expect
      .poll(() => lines, { timeout })
      .toContain('the bridge is not connected to its broker; it keeps retrying');
    expect(server.metrics()).toMatchObject({ bridgeJoined: 0, messagesDelivered: 1 });
    const sent = alice.send({ to: 'webbob', content: 'waits' });
    await scene.proxy.start();
    await sent;
    // Messages are published as soon as that connection is up; the bridge has joined when the one for receiving is up as well.
    await expect.poll(() => lines, { timeout }).toContain('the bridge has joined');
    await expect.poll(() => scene.web.received, { timeout }).toHaveLength(1);
  });

  it('acknowledges a sender only when the broker has confirmed', async () => {
    const { proxy, online, joined, web } = await start();
    await joined();
    const { client } = await online('alice');
    proxy.muteBroker();
    let isAcknowledged = false;
    const sent = client.send({ to: 'webbob', content: 'hello' }).then(() => {
      isAcknowledged = true;
    });
    await expect.poll(() => web.received, { timeout }).toHaveLength(1);
    expect(isAcknowledged).toBe(false);
    await proxy.stop();
    await proxy.start();
    await sent;
  });

  it('with a store acknowledges while the broker is away, and drains in order when it is back', async () => {
    const { proxy, online, joined, web, states, server } = await start({ store: memoryStore() });
    await joined();
    const { client } = await online('alice');
    await proxy.stop();
    await expect.poll(() => states.at(-1), { timeout }).toBe('away');
    const contents = Array.from({ length: 500 }, (_, index) => `${index}`);
    await Promise.all(contents.map((content) => client.send({ to: 'webbob', content })));
    expect(server.metrics()).toMatchObject({ messagesStored: 500, messagesBridged: 0 });
    await proxy.start();
    await expect.poll(() => web.received, { timeout }).toHaveLength(500);
    expect(web.received.map((text) => JSON.parse(text).dataContent)).toEqual(contents);
    await expect.poll(() => server.metrics()['messagesBridged'], { timeout }).toBe(500);
  });

  it('answers every bad message as the guide says, and takes the one after it', async () => {
    const { web, online, joined, server } = await start();
    await joined();
    const { contents } = await online('bob');
    const copy = fromWeb({ from: 'webbob', to: 'bob', dataContent: 'a hundred times', fp: 'w-100' });
    const good = (name: string) => fromWeb({ from: 'webbob', to: 'bob', dataContent: name, fp: name });
    const bad: [string, string][] = [
      ['not json', 'ERR_MALFORMED_PACKET'],
      ['', 'ERR_EMPTY_FRAME'],
      ['[1]', 'ERR_MALFORMED_PACKET'],
      [fromWeb({ type: 'two', from: 'webbob', to: 'bob' }), 'ERR_INVALID_FIELD'],
      [fromWeb({ from: 'webbob', to: { a: 1 } }), 'ERR_INVALID_FIELD'],
      [fromWeb({ from: 'webbob', to: 'bob', dataContent: 'x'.repeat(1_000_000) }), 'ERR_FRAME_TOO_LARGE'],
      [fromWeb({ from: 'webbob', to: '0', dataContent: 'to the server', fp: 'w-0' }), 'ERR_INVALID_FIELD'],
      [fromWeb({ from: 'webbob', to: 'nobody', dataContent: 'to nobody', fp: 'w-n' }), 'ERR_UNDELIVERABLE'],
      [fromWeb({ type: 54, from: '0', to: 'bob', dataContent: '{"code":2}' }), 'ERR_INVALID_FIELD'],
    ];
    for (const [index, [text]] of bad.entries()) {
      await web.send(text);
      await web.send(good(`good ${index}`));
    }
    await web.send(fromWeb({ from: 'bob', to: 'bob', dataContent: 'to itself', fp: 'w-s' }));
    for (let times = 0; times < 100; times++) await web.send(copy);
    await web.send('{"type":"2","from":"webbob","to":"bob","dataContent":17,"fp":"w-t","QoS":"true"}');
    const expected = [...bad.map((_, index) => `good ${index}`), 'to itself', 'a hundred times', '17'];
    await expect.poll(() => contents, { timeout }).toEqual(expected);
    await expect.poll(() => web.count('dead'), { timeout }).toBe(bad.length);
    const deadLetters = await web.takeDeadLetters();
    expect(deadLetters.map(({ text, code }) => [text, code]).sort()).toEqual([...bad].sort());
    expect(deadLetters.filter(({ reason }) => reason === '')).toEqual([]);
    expect(server.metrics()).toMatchObject({ rejectedFromBridge: bad.length - 1, duplicatesFromBridge: 99 });
  });

  it('gives back to the broker, when it closes, what its users have not acknowledged', async () => {
    const { web, online, joined, server } = await start();
    await joined();
    const { client } = await online('bob');
    await client.close();
    await server.close({ drainMs: 0 });
    await web.send(fromWeb({ from: 'webbob', to: 'bob', dataContent: 'later', fp: 'w-1' }));
    expect(await web.count('dead')).toBe(0);
    await expect.poll(() => web.count('web2app'), { timeout }).toBe(1);
  });
});
