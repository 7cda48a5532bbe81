import { describe } from 'vitest';
import { createBroker, hasBroker, openScene } from './support/broker.js';
import { describeBroker } from './support/broker-contract.js';

describe.runIf(await hasBroker())('with a RabbitMQ', () => {
  describeBroker('rabbitmq', async () => {
    const scene = await openScene();
    const { web, proxy } = scene;
    return {
      createBroker: () => createBroker(scene.options),
      close: () => scene.close(),
      queues: {
        published: () => web.received,
        send: (text) => web.send(text),
        deadLetters: () => web.takeDeadLetters(),
        stop: () => proxy.stop(),
        start: () => proxy.start(),
      },
    };
  });
});
