import { afterEach, describe, expect, it } from 'vitest';
import type { Broker } from '../../src/broker.js';
import {
  type BrokerFixture,
  brokerMessage,
  type CreateBrokerFixture,
  HostUnderTest,
} from './broker-fixture.js';

/** How long anything may take that must come, in milliseconds. */
const timeout = 20_000;

/**
 * What every broker must do: publish in order and confirm only what the queue has, forget a message only when there is a
 * verdict, keep what cannot be handled with its reason, and join again by itself.
 */
export function describeBroker(name: string, create: CreateBrokerFixture): void {
  describe(`broker contract: ${name}`, () => {
    const open: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const close of open.splice(0).reverse()) await close();
    });

    async function prepare(): Promise<BrokerFixture> {
      const fixture = await create();
      open.push(() => fixture.close());
      return fixture;
    }

    function begin(
      fixture: BrokerFixture,
      host = new HostUnderTest(),
    ): { broker: Broker; host: HostUnderTest } {
      const broker = fixture.createBroker();
      open.push(() => broker.close());
      void broker.start(host);
      return { broker, host };
    }

    async function join() {
      const fixture = await prepare();
      const { broker, host } = begin(fixture);
      await expect.poll(() => host.states.at(-1), { timeout }).toBe('joined');
      return { ...fixture, fixture, broker, host };
    }

    it('publishes texts as they are, in order', async () => {
      const { queues, broker } = await join();
      const texts = Array.from({ length: 50 }, (_, index) => `{"dataContent":"消息 😀 ${index}"}`);
      await Promise.all(texts.map((text) => broker.publish(brokerMessage(text))));
      await expect.poll(() => queues.published(), { timeout }).toEqual(texts);
    });

    it('receives what the other side sends, in order', async () => {
      const { queues, host } = await join();
      const texts = Array.from({ length: 50 }, (_, index) => `消息 😀 ${index}`);
      for (const text of texts) await queues.send(text);
      await expect.poll(() => host.received, { timeout }).toEqual(texts);
    });

    it('receives what is no packet as well', async () => {
      const { queues, host } = await join();
      for (const text of ['garbage{', '', 'null', '\u0000']) await queues.send(text);
      await expect.poll(() => host.received, { timeout }).toEqual(['garbage{', '', 'null', '\u0000']);
    });

    it('forgets what was taken: the next broker does not receive it', async () => {
      const { fixture, queues, broker, host } = await join();
      await queues.send('one');
      await expect.poll(() => host.received, { timeout }).toEqual(['one']);
      await broker.close();
      const next = begin(fixture);
      await queues.send('two');
      await expect.poll(() => next.host.received, { timeout }).toEqual(['two']);
    });

    it('keeps what has no verdict yet: the next broker receives it', async () => {
      const { fixture, queues, broker, host } = await join();
      host.judge = () => new Promise(() => {});
      await queues.send('one');
      await queues.send('two');
      await expect.poll(() => host.received, { timeout }).toEqual(['one', 'two']);
      await broker.close();
      const next = begin(fixture);
      await expect.poll(() => next.host.received, { timeout }).toEqual(['one', 'two']);
    });

    it('makes dead letters of what is rejected, with the reason, and receives the next', async () => {
      const { queues, host } = await join();
      host.judge = (text) =>
        text === 'bad'
          ? { outcome: 'rejected', code: 'ERR_MALFORMED_PACKET', reason: 'no JSON 消息' }
          : { outcome: 'taken' };
      await queues.send('bad');
      await queues.send('good');
      await expect.poll(() => host.received, { timeout }).toEqual(['bad', 'good']);
      await expect
        .poll(() => queues.deadLetters(), { timeout })
        .toEqual([{ text: 'bad', code: 'ERR_MALFORMED_PACKET', reason: 'no JSON 消息' }]);
    });

    it('receives again what nobody could take', async () => {
      const { queues, host } = await join();
      let tries = 0;
      host.judge = () => ({ outcome: ++tries < 3 ? 'later' : 'taken' });
      await queues.send('one');
      await expect.poll(() => host.received, { timeout }).toEqual(['one', 'one', 'one']);
    });

    it('reports that it is away, and joins again by itself', async () => {
      const { queues, host } = await join();
      await queues.stop();
      await expect.poll(() => host.states, { timeout }).toEqual(['joined', 'away']);
      await queues.start();
      await expect.poll(() => host.states, { timeout }).toEqual(['joined', 'away', 'joined']);
      await queues.send('one');
      await expect.poll(() => host.received, { timeout }).toEqual(['one']);
    });

    it('starts without a connection, reports it, and joins when there is one', async () => {
      const fixture = await prepare();
      await fixture.queues.stop();
      const { broker, host } = begin(fixture);
      await expect.poll(() => host.states, { timeout }).toEqual(['away']);
      const published = broker.publish(brokerMessage('one'));
      await fixture.queues.start();
      await published;
      await expect.poll(() => fixture.queues.published(), { timeout }).toEqual(['one']);
      await expect.poll(() => host.states, { timeout }).toEqual(['away', 'joined']);
    });

    it('keeps messages while it is away, and publishes them in order', async () => {
      const { queues, broker, host } = await join();
      await queues.stop();
      await expect.poll(() => host.states.at(-1), { timeout }).toBe('away');
      const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
      const published = texts.map((text) => broker.publish(brokerMessage(text)));
      await queues.start();
      await Promise.all(published);
      await expect.poll(() => queues.published(), { timeout }).toEqual(texts);
    });

    it('rejects at once, while it is away, what may not wait', async () => {
      const { queues, broker, host } = await join();
      await queues.stop();
      await expect.poll(() => host.states.at(-1), { timeout }).toBe('away');
      await expect(broker.publish(brokerMessage('one', { mayWait: false }))).rejects.toMatchObject({
        code: 'ERR_BRIDGE_AWAY',
      });
      await queues.start();
    });

    it('receives again, after a break, what had no verdict', async () => {
      const { queues, host } = await join();
      host.judge = () => new Promise(() => {});
      await queues.send('one');
      await expect.poll(() => host.received, { timeout }).toEqual(['one']);
      await queues.stop();
      await queues.start();
      await expect.poll(() => host.received, { timeout }).toEqual(['one', 'one']);
    });

    it('rejects what waits when it is closed, and what comes after', async () => {
      const { queues, broker, host } = await join();
      await queues.stop();
      await expect.poll(() => host.states.at(-1), { timeout }).toBe('away');
      const waiting = broker.publish(brokerMessage('one'));
      const rejected = expect(waiting).rejects.toMatchObject({ code: 'ERR_BRIDGE_CLOSED' });
      await broker.close();
      await rejected;
      await expect(broker.publish(brokerMessage('two'))).rejects.toMatchObject({ code: 'ERR_BRIDGE_CLOSED' });
      await queues.start();
    });

    it('can be closed twice, and without having been started', async () => {
      const fixture = await prepare();
      const broker = fixture.createBroker();
      await broker.close();
      await broker.close();
    });
  });
}
