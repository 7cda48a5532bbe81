import { inspect } from 'node:util';
import { bridgeMessage, HostUnderTest } from '@imcore/testkit/contracts';
import { Connection } from 'rabbitmq-client';
import { afterEach, describe, expect, it } from 'vitest';
import { WebEdition } from '../../../tests/proof/src/bridge/web-edition.js';
import type { RabbitMqOptions } from '../src/options.js';
import { type RabbitMqBridge, rabbitmq } from '../src/rabbitmq.js';
import { keepBodiesRaw } from '../src/raw-bodies.js';
import { BROKER, hasBroker, ownQueues, queueOptions, urlOf, useScenes } from './support/broker.js';

const timeout = 20_000;

describe.runIf(await hasBroker())('rabbitmq() and a broker that', () => {
  const openScene = useScenes();
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function begin(options: RabbitMqOptions): Promise<{ bridge: RabbitMqBridge; host: HostUnderTest }> {
    const bridge = rabbitmq({ restMs: 50, minBackoffMs: 20, maxBackoffMs: 100, ...options });
    const host = new HostUnderTest();
    open.push(() => bridge.close());
    await bridge.start(host);
    return { bridge, host };
  }

  async function join(options: RabbitMqOptions) {
    const begun = await begin(options);
    await expect.poll(() => begun.host.states.at(-1), { timeout }).toBe('joined');
    return begun;
  }

  /** Queues that the test declares by itself. */
  async function ownScene() {
    const queues = ownQueues();
    const url = urlOf(BROKER.port);
    const web = new WebEdition(url, queues);
    open.push(async () => {
      await web.deleteQueues();
      await web.close();
    });
    return { web, queues, options: { url, ...queueOptions(queues) } };
  }

  it('has none of the queues is given them: durable, and found by the other system', async () => {
    const { web, options } = await ownScene();
    const { host } = await join(options);
    await web.declareQueue('app2web', { durable: true });
    await web.declareQueue('web2app', { durable: true });
    await web.send('hello');
    await expect.poll(() => host.received, { timeout }).toEqual(['hello']);
  });

  it('keeps what is published as a persistent text with the original’s properties', async () => {
    const { web, options } = await ownScene();
    const { bridge } = await join(options);
    await bridge.publish(bridgeMessage('{"dataContent":"消息"}'));
    expect(await web.takeOne('app2web')).toMatchObject({
      text: '{"dataContent":"消息"}',
      contentType: 'text/plain',
      deliveryMode: 2,
      priority: 0,
    });
  });

  it('has a queue with other arguments is used as it is, and the difference told once', async () => {
    const { web, options } = await ownScene();
    await web.declareQueue('web2app', { durable: false });
    await web.declareQueue('app2web', { durable: true, arguments: { 'x-max-length': 1000 } });
    const { bridge, host } = await join(options);
    await web.send('hello');
    await bridge.publish(bridgeMessage('one'));
    await expect.poll(() => host.received, { timeout }).toEqual(['hello']);
    expect(host.troubles.map(({ message }) => message).sort()).toEqual([
      expect.stringMatching(/app2web exists with other arguments and is used as it is: .*x-max-length/),
      expect.stringMatching(/web2app exists with other arguments and is used as it is: .*durable/),
    ]);
    expect(host.troubles).toMatchObject([{ code: 'ERR_BRIDGE_QUEUE' }, { code: 'ERR_BRIDGE_QUEUE' }]);
  });

  it('refuses to make a queue as it is asked for says why', async () => {
    const { options } = await ownScene();
    const { bridge } = await begin({ ...options, queueArguments: { 'x-max-length': 'many' } });
    await expect
      .poll(() => bridge.health.lastError, { timeout })
      .toMatchObject({ code: 'ERR_BRIDGE_QUEUE', message: expect.stringContaining('x-max-length') });
  });

  it('has a queue that is somebody else’s alone is away with a reason, and joins when it is free', async () => {
    const { web, options } = await ownScene();
    await web.declareQueue('web2app', { exclusive: true });
    const { bridge, host } = await begin(options);
    await expect.poll(() => bridge.health.state, { timeout }).toBe('away');
    await expect
      .poll(() => bridge.health.lastError, { timeout })
      .toMatchObject({ code: 'ERR_BRIDGE_QUEUE', message: expect.stringContaining('RESOURCE_LOCKED') });
    await web.deleteQueue('web2app');
    await expect.poll(() => host.states.at(-1), { timeout }).toBe('joined');
    expect(host.states).toEqual(['away', 'joined']);
  });

  it('lets somebody else alone read a queue is away, and the reason is the broker’s', async () => {
    const { web, queues, options } = await ownScene();
    await web.declareQueue('web2app', { durable: true });
    const other = new Connection(urlOf(BROKER.port));
    open.push(() => other.close());
    const channel = await other.acquire();
    const { consumerTag } = await channel.basicConsume({ queue: queues.web2app, exclusive: true }, () => {});
    const { bridge, host } = await begin(options);
    await expect.poll(() => host.states, { timeout }).toEqual(['away']);
    expect(bridge.health.lastError).toMatchObject({
      code: 'ERR_BRIDGE_QUEUE',
      message: expect.stringMatching(/web2app cannot be used: .*ACCESS_REFUSED/),
    });
    await channel.basicCancel({ consumerTag });
    await channel.close();
    await expect.poll(() => host.states.at(-1), { timeout }).toBe('joined');
  });

  it('loses a queue while it is used gets it again, and every confirmed message is in one', async () => {
    const { web, options } = await ownScene();
    const { bridge, host } = await join(options);
    await bridge.publish(bridgeMessage('one'));
    await web.deleteQueue('app2web');
    await bridge.publish(bridgeMessage('two'));
    expect(await web.takeOne('app2web')).toMatchObject({ text: 'two' });
    await web.deleteQueue('web2app');
    await expect.poll(() => bridge.health.joins, { timeout }).toBe(3);
    await web.send('hello');
    await expect.poll(() => host.received, { timeout }).toEqual(['hello']);
  });

  it('refuses a message has it refused, and the others published', async () => {
    const { web, options } = await ownScene();
    const { bridge } = await join({
      ...options,
      queueArguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    await bridge.publish(bridgeMessage('one'));
    await expect(bridge.publish(bridgeMessage('two'))).rejects.toMatchObject({ code: 'ERR_BRIDGE_REJECTED' });
    expect(await web.takeOne('app2web')).toMatchObject({ text: 'one' });
    await bridge.publish(bridgeMessage('three'));
  });

  it('does not answer is given up after the heartbeat, and what it had not confirmed is published again', async () => {
    const { web, proxy, options } = await openScene();
    const { bridge, host } = await join({ ...options, heartbeatSeconds: 1 });
    proxy.muteBroker();
    const published = bridge.publish(bridgeMessage('one'));
    await expect.poll(() => host.states.at(-1), { timeout }).toBe('away');
    await proxy.stop();
    await proxy.start();
    await published;
    await expect.poll(() => web.received, { timeout }).toEqual(['one', 'one']);
    await expect
      .poll(() => bridge.health, { timeout })
      .toMatchObject({ state: 'joined', waiting: 0, joins: 2 });
  });

  it('does not confirm in time is waited for so long, and not longer', async () => {
    const { proxy, options } = await openScene();
    const { bridge } = await join({ ...options, publishTimeoutMs: 300 });
    proxy.muteBroker();
    const published = bridge.publish(bridgeMessage('one'));
    expect(bridge.health.waiting).toBe(1);
    await expect(published).rejects.toMatchObject({ code: 'ERR_BRIDGE_AWAY' });
    expect(bridge.health.waiting).toBe(0);
  });

  it('is too slow for the traffic has so many messages waiting for it and no more', async () => {
    const { proxy, options } = await openScene();
    const { bridge } = await join({ ...options, maxWaiting: 2, publishTimeoutMs: 300 });
    proxy.muteBroker();
    const waiting = ['one', 'two'].map((text) => bridge.publish(bridgeMessage(text)));
    const outcomes = Promise.allSettled(waiting);
    await expect(bridge.publish(bridgeMessage('three'))).rejects.toMatchObject({ code: 'ERR_BRIDGE_FULL' });
    await outcomes;
  });

  it('blocks publishers is not written to: what waited too long is not published when it is free again', async () => {
    const { proxy, web, options } = await openScene();
    const { bridge, host } = await join({ ...options, publishTimeoutMs: 1000 });
    proxy.block();
    await expect.poll(() => host.troubles, { timeout }).toMatchObject([{ code: 'ERR_BRIDGE_BLOCKED' }]);
    const late = bridge.publish(bridgeMessage('too late', { isRepeatable: false }));
    await expect(late).rejects.toMatchObject({ code: 'ERR_BRIDGE_AWAY' });
    const inTime = bridge.publish(bridgeMessage('in time'));
    proxy.unblock();
    await inTime;
    await bridge.publish(bridgeMessage('afterwards'));
    await expect.poll(() => web.received, { timeout }).toEqual(['in time', 'afterwards']);
    proxy.block();
    await expect.poll(() => host.troubles, { timeout }).toHaveLength(2);
  });

  it('is lost before it has confirmed is not given a second time what has no fingerprint', async () => {
    const { proxy, options } = await openScene();
    const { bridge } = await join(options);
    proxy.muteBroker();
    const published = bridge.publish(bridgeMessage('one', { isRepeatable: false }));
    const rejected = expect(published).rejects.toMatchObject({ code: 'ERR_BRIDGE_UNCONFIRMED' });
    await proxy.stop();
    await rejected;
  });

  it('refuses the password is away with its reason, tried again, and the password told to nobody', async () => {
    const secret = 'wrong-sesame-0815';
    const { bridge, host } = await begin({ url: `amqp://guest:${secret}@${BROKER.host}:${BROKER.port}` });
    await expect.poll(() => host.states, { timeout }).toEqual(['away']);
    const { lastError } = bridge.health;
    expect(lastError).toMatchObject({
      code: 'ERR_BRIDGE_AWAY',
      message: expect.stringContaining('ACCESS_REFUSED'),
    });
    expect(inspect([bridge, lastError], { depth: 20, showHidden: true })).not.toContain(secret);
  });

  it('brings a message that is too long, or declared as JSON, or empty', async () => {
    const { web, options } = await openScene();
    const { bridge, host } = await join({ ...options, maxBodyBytes: 1000 });
    await web.send('x'.repeat(1_000_000));
    await web.send('{"a":"消息"}', 'application/json');
    await web.send('{"a":', 'application/json');
    await web.send('bytes', 'application/octet-stream');
    await web.send('');
    await expect.poll(() => host.received, { timeout }).toEqual(['{"a":"消息"}', '{"a":', 'bytes', '']);
    await expect.poll(() => bridge.health.deadLetters, { timeout }).toBe(1);
    const [letter] = await web.takeDeadLetters();
    expect(letter).toMatchObject({ code: 'ERR_FRAME_TOO_LARGE' });
    expect(letter?.text).toHaveLength(1_000_000);
  });

  it('brings what cannot be handled has it put away byte for byte', async () => {
    const { web, queues, options } = await openScene();
    const { bridge, host } = await join(options);
    host.judge = () => ({ outcome: 'refused', code: 'ERR_NO', reason: 'no' });
    const bodies: [Buffer, string][] = [
      [Buffer.from([0xc3, 0x28, 0xff]), 'text/plain'],
      [Buffer.from('{ "sm": 12345678901234567890 }'), 'application/json'],
    ];
    for (const [body, contentType] of bodies) await web.send(body, contentType);
    await expect.poll(() => bridge.health.deadLetters, { timeout }).toBe(2);
    const operator = new Connection(urlOf(BROKER.port));
    open.push(() => operator.close());
    const channel = await operator.acquire();
    keepBodiesRaw(channel);
    for (const [body] of bodies)
      expect(await channel.basicGet({ queue: queues.dead, noAck: true })).toMatchObject({ body });
    await channel.close();
  });

  it('brings JSON that is deeper than a program can write has it put away, and the next message handed in', async () => {
    const { web, options } = await openScene();
    const { bridge, host } = await join(options);
    await web.send(`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'application/json');
    await web.send('next');
    await expect.poll(() => host.received, { timeout }).toEqual(['next']);
    await expect.poll(() => bridge.health.deadLetters, { timeout }).toBe(1);
  });

  it('allows only short frames is given, and gives, long messages all the same', async () => {
    const { web, proxy, options } = await openScene();
    proxy.limitFrames(4096);
    const { bridge, host } = await join(options);
    await web.send('x'.repeat(50_000));
    await bridge.publish(bridgeMessage('y'.repeat(50_000)));
    await expect.poll(() => host.received.map(({ length }) => length), { timeout }).toEqual([50_000]);
    await expect.poll(() => web.received.map(({ length }) => length), { timeout }).toEqual([50_000]);
    expect(host.states).toEqual(['joined']);
  });

  it('gives messages back, or cuts the other system off, changes nothing for this side', async () => {
    const { web, options } = await openScene();
    const { bridge } = await join(options);
    web.fault = 'gives-back';
    await bridge.publish(bridgeMessage('one'));
    await expect.poll(() => web.received, { timeout }).toEqual(['one']);
    web.fault = undefined;
    await web.stopReading();
    await bridge.publish(bridgeMessage('two'));
    await web.read();
    await expect.poll(() => web.received, { timeout }).toEqual(['one', 'two']);
  });
});
