import { describeBridge } from '@imcore/testkit/contracts';
import { describe } from 'vitest';
import { rabbitmq } from '../src/rabbitmq.js';
import { hasBroker, openScene } from './support/broker.js';

describe.runIf(await hasBroker())('with a RabbitMQ', () => {
  describeBridge('rabbitmq', async () => {
    const scene = await openScene();
    const { web, proxy } = scene;
    return {
      createBridge: () => rabbitmq(scene.options),
      close: () => scene.close(),
      broker: {
        published: () => web.received,
        send: (text) => web.send(text),
        deadLetters: () => web.takeDeadLetters(),
        stop: () => proxy.stop(),
        start: () => proxy.start(),
      },
    };
  });
});
