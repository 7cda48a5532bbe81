import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach } from 'vitest';
import { type BridgeQueues, WebEdition } from '../../../../tests/proof/src/bridge/web-edition.js';
import { type RabbitMqOptions, readOptions, type Settings } from '../../src/options.js';
import { RabbitMqBroker } from '../../src/rabbitmq.js';
import { startProxy } from './broker-proxy.js';

const brokerUrl = new URL(process.env['IMCORE_TEST_RABBITMQ'] ?? 'amqp://guest:guest@127.0.0.1:5672');

/** The broker that these tests use, under queue names of their own. They never stop it. */
export const BROKER = { host: brokerUrl.hostname, port: Number(brokerUrl.port) } as const;

/**
 * Whether there is a RabbitMQ to test with. Where there is none the tests are skipped and say so, except in CI, where
 * they fail.
 */
export async function hasBroker(): Promise<boolean> {
  const problem = await new Promise<string | undefined>((resolve) => {
    const socket = connect(BROKER.port, BROKER.host);
    socket.on('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', (error) => resolve(error.message));
  });
  if (problem === undefined) return true;
  const text = `no RabbitMQ at ${BROKER.host}:${BROKER.port}: ${problem}`;
  if (process.env['CI'] === 'true') throw new Error(`CI has ${text}`);
  console.warn(`SKIPPED: ${text}`);
  return false;
}

/** Queue names that nobody else uses. */
export function ownQueues(): BridgeQueues {
  const prefix = `imcore_test_${randomBytes(6).toString('hex')}`;
  return { app2web: `${prefix}_app2web`, web2app: `${prefix}_web2app`, dead: `${prefix}_web2app.dead` };
}

export function urlOf(port: number): string {
  return `amqp://guest:guest@${BROKER.host}:${port}`;
}

/** A broker with short waits, and with what else of its settings the test changes. */
export function createBroker(options: RabbitMqOptions, changed: Partial<Settings> = {}): RabbitMqBroker {
  const waits = { restMs: 50, minBackoffMs: 20, maxBackoffMs: 100 };
  return new RabbitMqBroker({ ...readOptions(options), ...waits, ...changed });
}

/** The queues as options of a bridge. */
export function queueOptions({ app2web, web2app, dead }: BridgeQueues) {
  return { outgoingQueue: app2web, incomingQueue: web2app, deadLetterQueue: dead };
}

/** The other system, queues of one test, and a way to the broker that can be broken. */
export async function openScene() {
  const queues = ownQueues();
  const web = new WebEdition(urlOf(BROKER.port), queues);
  for (const queue of ['app2web', 'web2app', 'dead'] as const)
    await web.declareQueue(queue, { durable: true });
  await web.read();
  const proxy = await startProxy(BROKER);
  return {
    web,
    proxy,
    queues,
    /** For a bridge that goes through the proxy. */
    options: { url: urlOf(proxy.port), ...queueOptions(queues) },
    async close(): Promise<void> {
      await proxy.close();
      await web.deleteQueues();
      await web.close();
    },
  };
}

/** Makes scenes that are cleared away behind each test. */
export function useScenes(): () => ReturnType<typeof openScene> {
  const open: Awaited<ReturnType<typeof openScene>>[] = [];
  afterEach(async () => {
    for (const scene of open.splice(0)) await scene.close();
  });
  return async () => {
    const scene = await openScene();
    open.push(scene);
    return scene;
  };
}
