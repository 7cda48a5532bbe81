import { inspect } from 'node:util';
import { Connection } from 'rabbitmq-client';
import { afterEach, describe, expect, it } from 'vitest';
import { WebEdition } from '../../../tests/proof/src/bridge/web-edition.js';
import type { RabbitMqOptions, Settings } from '../src/options.js';
import { keepBodiesRaw } from '../src/raw-bodies.js';
import {
  BROKER,
  createBroker,
  hasBroker,
  ownQueues,
  queueOptions,
  urlOf,
  useScenes,
} from './support/broker.js';
import { brokerMessage, HostUnderTest } from './support/broker-fixture.js';

const timeout = 20_000;

describe.runIf(await hasBroker())('RabbitMqBroker', () => {
  const openScene = useScenes();
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function begin(options: RabbitMqOptions, changed: Partial<Settings> = {}) {
    const broker = createBroker(options, changed);
    const host = new HostUnderTest();
    open.push(() => broker.close());
    await broker.start(host);
    return { broker, host };
  }

  async function join(options: RabbitMqOptions, changed: Partial<Settings> = {}) {
    const begun = await begin(options, changed);
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

  it('declares queues that do not exist, durable, so that the other system finds them', async () => {
    const { web, options } = await ownScene();
    const { host } = await join(options);
    await web.declareQueue('app2web', { durable: true });
    await web.declareQueue('web2app', { durable: true });
    await web.send('hello');
    await expect.poll(() => host.received, { timeout }).toEqual(['hello']);
  });

  it('publishes persistent texts with the properties of the original', async () => {
    const { web, options } = await ownScene();
    const { broker } = await join(options);
    await broker.publish(brokerMessage('{"dataContent":"消息"}'));
    expect(await web.takeOne('app2web')).toMatchObject({
      text: '{"dataContent":"消息"}',
      contentType: 'text/plain',
      deliveryMode: 2,
      priority: 0,
    });
  });

  it('uses a queue that exists with other arguments, and reports the difference once', async () => {
    const { web, options } = await ownScene();
    await web.declareQueue('web2app', { durable: false });
    await web.declareQueue('app2web', { durable: true, arguments: { 'x-max-length': 1000 } });
    const { broker, host } = await join(options);
    await web.send('hello');
    await broker.publish(brokerMessage('one'));
    await expect.poll(() => host.received, { timeout }).toEqual(['hello']);
    expect(host.errors.map(({ message }) => message).sort()).toEqual([
      expect.stringMatching(/app2web exists with other arguments and is used as it is: .*x-max-length/),
      expect.stringMatching(/web2app exists with other arguments and is used as it is: .*durable/),
    ]);
    expect(host.errors).toMatchObject([{ code: 'ERR_BRIDGE_QUEUE' }, { code: 'ERR_BRIDGE_QUEUE' }]);
  });

  it('is away, with the reason, while a queue cannot be declared', async () => {
    const { options } = await ownScene();
    const { broker } = await begin({ ...options, queueArguments: { 'x-max-length': 'many' } });
    await expect
      .poll(() => broker.health.lastError, { timeout })
      .toMatchObject({ code: 'ERR_BRIDGE_QUEUE', message: expect.stringContaining('x-max-length') });
  });

  it('is away, with the reason, while a queue is exclusive to another connection', async () => {
    const { web, options } = await ownScene();
    await web.declareQueue('web2app', { exclusive: true });
    const { broker, host } = await begin(options);
    await expect.poll(() => broker.health.state, { timeout }).toBe('away');
    await expect
      .poll(() => broker.health.lastError, { timeout })
      .toMatchObject({ code: 'ERR_BRIDGE_QUEUE', message: expect.stringContaining('RESOURCE_LOCKED') });
    await web.deleteQueue('web2app');
    await expect.poll(() => host.states.at(-1), { timeout }).toBe('joined');
    expect(host.states).toEqual(['away', 'joined']);
  });

  it('is away, with the reason, while a queue is exclusive to another consumer', async () => {
    const { web, queues, options } = await ownScene();
    await web.declareQueue('web2app', { durable: true });
    const other = new Connection(urlOf(BROKER.port));
    open.push(() => other.close());
    const channel = await other.acquire();
    const { consumerTag } = await channel.basicConsume({ queue: queues.web2app, exclusive: true }, () => {});
    const { broker, host } = await begin(options);
    await expect.poll(() => host.states, { timeout }).toEqual(['away']);
    expect(broker.health.lastError).toMatchObject({
      code: 'ERR_BRIDGE_QUEUE',
      message: expect.stringMatching(/web2app cannot be used: .*ACCESS_REFUSED/),
    });
    await channel.basicCancel({ consumerTag });
    await channel.close();
    await expect.poll(() => host.states.at(-1), { timeout }).toBe('joined');
  });

  it('declares a queue again that is deleted while in use, and publishes again what no queue took', async () => {
    const { web, options } = await ownScene();
    const { broker, host } = await join(options);
    await broker.publish(brokerMessage('one'));
    await web.deleteQueue('app2web');
    await broker.publish(brokerMessage('two'));
    expect(await web.takeOne('app2web')).toMatchObject({ text: 'two' });
    await web.deleteQueue('web2app');
    await expect.poll(() => broker.health.joins, { timeout }).toBe(3);
    await web.send('hello');
    await expect.poll(() => host.received, { timeout }).toEqual(['hello']);
  });

  it('rejects a message that the broker does not take, and publishes the others', async () => {
    const { web, options } = await ownScene();
    const { broker } = await join({
      ...options,
      queueArguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    await broker.publish(brokerMessage('one'));
    await expect(broker.publish(brokerMessage('two'))).rejects.toMatchObject({ code: 'ERR_BRIDGE_REJECTED' });
    expect(await web.takeOne('app2web')).toMatchObject({ text: 'one' });
    await broker.publish(brokerMessage('three'));
  });

  it('reconnects when heartbeats are missing, and publishes again what was not confirmed', async () => {
    const { web, proxy, options } = await openScene();
    const { broker, host } = await join(options, { heartbeatSeconds: 1 });
    proxy.muteBroker();
    const published = broker.publish(brokerMessage('one'));
    await expect.poll(() => host.states.at(-1), { timeout }).toBe('away');
    await proxy.stop();
    await proxy.start();
    await published;
    await expect.poll(() => web.received, { timeout }).toEqual(['one', 'one']);
    await expect
      .poll(() => broker.health, { timeout })
      .toMatchObject({ state: 'joined', waiting: 0, joins: 2 });
  });

  it('rejects a message that the broker does not confirm in time', async () => {
    const { proxy, options } = await openScene();
    const { broker } = await join(options, { publishTimeoutMs: 300 });
    proxy.muteBroker();
    const published = broker.publish(brokerMessage('one'));
    expect(broker.health.waiting).toBe(1);
    await expect(published).rejects.toMatchObject({ code: 'ERR_BRIDGE_AWAY' });
    expect(broker.health.waiting).toBe(0);
  });

  it('rejects messages beyond those that may wait', async () => {
    const { proxy, options } = await openScene();
    const { broker } = await join(options, { maxWaiting: 2, publishTimeoutMs: 300 });
    proxy.muteBroker();
    const waiting = ['one', 'two'].map((text) => broker.publish(brokerMessage(text)));
    const outcomes = Promise.allSettled(waiting);
    await expect(broker.publish(brokerMessage('three'))).rejects.toMatchObject({ code: 'ERR_BRIDGE_FULL' });
    await outcomes;
  });

  it('reports that publishers are blocked, and writes nothing meanwhile', async () => {
    const { proxy, web, options } = await openScene();
    const { broker, host } = await join(options, { publishTimeoutMs: 1000 });
    proxy.block();
    await expect.poll(() => host.errors, { timeout }).toMatchObject([{ code: 'ERR_BRIDGE_BLOCKED' }]);
    const late = broker.publish(brokerMessage('too late', { isRepeatable: false }));
    await expect(late).rejects.toMatchObject({ code: 'ERR_BRIDGE_AWAY' });
    const inTime = broker.publish(brokerMessage('in time'));
    proxy.unblock();
    await inTime;
    await broker.publish(brokerMessage('afterwards'));
    await expect.poll(() => web.received, { timeout }).toEqual(['in time', 'afterwards']);
    proxy.block();
    await expect.poll(() => host.errors, { timeout }).toHaveLength(2);
  });

  it('does not publish a message without a fingerprint again when the link breaks', async () => {
    const { proxy, options } = await openScene();
    const { broker } = await join(options);
    proxy.muteBroker();
    const published = broker.publish(brokerMessage('one', { isRepeatable: false }));
    const rejected = expect(published).rejects.toMatchObject({ code: 'ERR_BRIDGE_UNCONFIRMED' });
    await proxy.stop();
    await rejected;
  });

  it('is away while the password is rejected, and does not show it', async () => {
    const secret = 'wrong-sesame-0815';
    const { broker, host } = await begin({ url: `amqp://guest:${secret}@${BROKER.host}:${BROKER.port}` });
    await expect.poll(() => host.states, { timeout }).toEqual(['away']);
    const { lastError } = broker.health;
    expect(lastError).toMatchObject({
      code: 'ERR_BRIDGE_AWAY',
      message: expect.stringContaining('ACCESS_REFUSED'),
    });
    expect(inspect([broker, lastError], { depth: 20, showHidden: true })).not.toContain(secret);
  });

  it('receives messages of any content type, and makes a dead letter of one that is too long', async () => {
    const { web, options } = await openScene();
    const { broker, host } = await join(options, { maxBodyBytes: 1000 });
    await web.send('x'.repeat(1_000_000));
    await web.send('{"a":"消息"}', 'application/json');
    await web.send('{"a":', 'application/json');
    await web.send('bytes', 'application/octet-stream');
    await web.send('');
    await expect.poll(() => host.received, { timeout }).toEqual(['{"a":"消息"}', '{"a":', 'bytes', '']);
    await expect.poll(() => broker.health.deadLetters, { timeout }).toBe(1);
    const [deadLetter] = await web.takeDeadLetters();
    expect(deadLetter).toMatchObject({ code: 'ERR_FRAME_TOO_LARGE' });
    expect(deadLetter?.text).toHaveLength(1_000_000);
  });

  it('keeps dead letters byte for byte', async () => {
    const { web, queues, options } = await openScene();
    const { broker, host } = await join(options);
    host.judge = () => ({ outcome: 'rejected', code: 'ERR_NO', reason: 'no' });
    const bodies: [Buffer, string][] = [
      [Buffer.from([0xc3, 0x28, 0xff]), 'text/plain'],
      [Buffer.from('{ "sm": 12345678901234567890 }'), 'application/json'],
    ];
    for (const [body, contentType] of bodies) await web.send(body, contentType);
    await expect.poll(() => broker.health.deadLetters, { timeout }).toBe(2);
    const operator = new Connection(urlOf(BROKER.port));
    open.push(() => operator.close());
    const channel = await operator.acquire();
    keepBodiesRaw(channel);
    for (const [body] of bodies)
      expect(await channel.basicGet({ queue: queues.dead, noAck: true })).toMatchObject({ body });
    await channel.close();
  });

  it('makes a dead letter of what is not UTF-8', async () => {
    const { web, options } = await openScene();
    const { broker, host } = await join(options);
    await web.send(Buffer.from('{"type":2,"to":"bob\xff"}', 'latin1'), 'text/plain');
    await web.send('next');
    await expect.poll(() => host.received, { timeout }).toEqual(['next']);
    await expect.poll(() => broker.health.deadLetters, { timeout }).toBe(1);
    expect(await web.takeDeadLetters()).toMatchObject([
      { code: 'ERR_MALFORMED_PACKET', reason: 'not UTF-8' },
    ]);
  });

  it('makes a dead letter of JSON that is nested too deeply, and receives the next message', async () => {
    const { web, options } = await openScene();
    const { broker, host } = await join(options);
    await web.send(`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'application/json');
    await web.send('next');
    await expect.poll(() => host.received, { timeout }).toEqual(['next']);
    await expect.poll(() => broker.health.deadLetters, { timeout }).toBe(1);
  });

  it('publishes and receives long messages where only short frames are allowed', async () => {
    const { web, proxy, options } = await openScene();
    proxy.limitFrames(4096);
    const { broker, host } = await join(options);
    await web.send('x'.repeat(50_000));
    await broker.publish(brokerMessage('y'.repeat(50_000)));
    await expect.poll(() => host.received.map(({ length }) => length), { timeout }).toEqual([50_000]);
    await expect.poll(() => web.received.map(({ length }) => length), { timeout }).toEqual([50_000]);
    expect(host.states).toEqual(['joined']);
  });

  it('publishes while the other system gives messages back, or does not read', async () => {
    const { web, options } = await openScene();
    const { broker } = await join(options);
    web.fault = 'gives-back';
    await broker.publish(brokerMessage('one'));
    await expect.poll(() => web.received, { timeout }).toEqual(['one']);
    web.fault = undefined;
    await web.stopReading();
    await broker.publish(brokerMessage('two'));
    await web.read();
    await expect.poll(() => web.received, { timeout }).toEqual(['one', 'two']);
  });
});
