import type { Bridge } from '@imcore/server/ports';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type BridgeFixture,
  bridgeMessage,
  type CreateBridgeFixture,
  HostUnderTest,
} from './bridge-fixture.js';

/** How long anything may take that must come, in milliseconds. */
const timeout = 20_000;

/**
 * What every bridge must do: publish in order and only say so when the broker has it, answer the broker only when
 * there is a verdict, keep what cannot be handled with its reason, and come back by itself.
 */
export function describeBridge(name: string, create: CreateBridgeFixture): void {
  describe(`bridge contract: ${name}`, () => {
    const open: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const close of open.splice(0).reverse()) await close();
    });

    async function prepare(): Promise<BridgeFixture> {
      const fixture = await create();
      open.push(() => fixture.close());
      return fixture;
    }

    function begin(
      fixture: BridgeFixture,
      host = new HostUnderTest(),
    ): { bridge: Bridge; host: HostUnderTest } {
      const bridge = fixture.createBridge();
      open.push(() => bridge.close());
      void bridge.start(host);
      return { bridge, host };
    }

    async function join() {
      const fixture = await prepare();
      const { bridge, host } = begin(fixture);
      await expect.poll(() => host.states.at(-1), { timeout }).toBe('joined');
      return { ...fixture, fixture, bridge, host };
    }

    it('publishes texts as they are, in order', async () => {
      const { broker, bridge } = await join();
      const texts = Array.from({ length: 50 }, (_, index) => `{"dataContent":"消息 😀 ${index}"}`);
      await Promise.all(texts.map((text) => bridge.publish(bridgeMessage(text))));
      await expect.poll(() => broker.published(), { timeout }).toEqual(texts);
    });

    it('hands in what the other side sends, in order', async () => {
      const { broker, host } = await join();
      const texts = Array.from({ length: 50 }, (_, index) => `消息 😀 ${index}`);
      for (const text of texts) await broker.send(text);
      await expect.poll(() => host.received, { timeout }).toEqual(texts);
    });

    it('hands in what is no packet as well', async () => {
      const { broker, host } = await join();
      for (const text of ['garbage{', '', 'null', '\u0000']) await broker.send(text);
      await expect.poll(() => host.received, { timeout }).toEqual(['garbage{', '', 'null', '\u0000']);
    });

    it('forgets what was taken: the next bridge is not given it', async () => {
      const { fixture, broker, bridge, host } = await join();
      await broker.send('one');
      await expect.poll(() => host.received, { timeout }).toEqual(['one']);
      await bridge.close();
      const next = begin(fixture);
      await broker.send('two');
      await expect.poll(() => next.host.received, { timeout }).toEqual(['two']);
    });

    it('keeps what has no verdict yet: the next bridge is given it', async () => {
      const { fixture, broker, bridge, host } = await join();
      host.judge = () => new Promise(() => {});
      await broker.send('one');
      await broker.send('two');
      await expect.poll(() => host.received, { timeout }).toEqual(['one', 'two']);
      await bridge.close();
      const next = begin(fixture);
      await expect.poll(() => next.host.received, { timeout }).toEqual(['one', 'two']);
    });

    it('puts what is refused among the dead letters, with its reason, and goes on', async () => {
      const { broker, host } = await join();
      host.judge = (text) =>
        text === 'bad'
          ? { outcome: 'refused', code: 'ERR_MALFORMED_PACKET', reason: 'no JSON 消息' }
          : { outcome: 'taken' };
      await broker.send('bad');
      await broker.send('good');
      await expect.poll(() => host.received, { timeout }).toEqual(['bad', 'good']);
      await expect
        .poll(() => broker.deadLetters(), { timeout })
        .toEqual([{ text: 'bad', code: 'ERR_MALFORMED_PACKET', reason: 'no JSON 消息' }]);
    });

    it('hands in again what nobody could take', async () => {
      const { broker, host } = await join();
      let tries = 0;
      host.judge = () => ({ outcome: ++tries < 3 ? 'later' : 'taken' });
      await broker.send('one');
      await expect.poll(() => host.received, { timeout }).toEqual(['one', 'one', 'one']);
    });

    it('says that the broker is away, and joins again by itself', async () => {
      const { broker, host } = await join();
      await broker.stop();
      await expect.poll(() => host.states, { timeout }).toEqual(['joined', 'away']);
      await broker.start();
      await expect.poll(() => host.states, { timeout }).toEqual(['joined', 'away', 'joined']);
      await broker.send('one');
      await expect.poll(() => host.received, { timeout }).toEqual(['one']);
    });

    it('starts without a broker, says so, and joins when there is one', async () => {
      const fixture = await prepare();
      await fixture.broker.stop();
      const { bridge, host } = begin(fixture);
      await expect.poll(() => host.states, { timeout }).toEqual(['away']);
      const published = bridge.publish(bridgeMessage('one'));
      await fixture.broker.start();
      await published;
      await expect.poll(() => fixture.broker.published(), { timeout }).toEqual(['one']);
      await expect.poll(() => host.states, { timeout }).toEqual(['away', 'joined']);
    });

    it('holds messages while the broker is away, and publishes them in order', async () => {
      const { broker, bridge, host } = await join();
      await broker.stop();
      await expect.poll(() => host.states.at(-1), { timeout }).toBe('away');
      const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
      const published = texts.map((text) => bridge.publish(bridgeMessage(text)));
      await broker.start();
      await Promise.all(published);
      await expect.poll(() => broker.published(), { timeout }).toEqual(texts);
    });

    it('refuses at once, while the broker is away, what may not wait', async () => {
      const { broker, bridge, host } = await join();
      await broker.stop();
      await expect.poll(() => host.states.at(-1), { timeout }).toBe('away');
      await expect(bridge.publish(bridgeMessage('one', { mayWait: false }))).rejects.toMatchObject({
        code: 'ERR_BRIDGE_AWAY',
      });
      await broker.start();
    });

    it('hands in again, after a break, what it had not answered for', async () => {
      const { broker, host } = await join();
      host.judge = () => new Promise(() => {});
      await broker.send('one');
      await expect.poll(() => host.received, { timeout }).toEqual(['one']);
      await broker.stop();
      await broker.start();
      await expect.poll(() => host.received, { timeout }).toEqual(['one', 'one']);
    });

    it('rejects what waits when it is closed, and what comes after', async () => {
      const { broker, bridge, host } = await join();
      await broker.stop();
      await expect.poll(() => host.states.at(-1), { timeout }).toBe('away');
      const waiting = bridge.publish(bridgeMessage('one'));
      const rejected = expect(waiting).rejects.toMatchObject({ code: 'ERR_BRIDGE_CLOSED' });
      await bridge.close();
      await rejected;
      await expect(bridge.publish(bridgeMessage('two'))).rejects.toMatchObject({ code: 'ERR_BRIDGE_CLOSED' });
      await broker.start();
    });

    it('can be closed twice, and without having been started', async () => {
      const fixture = await prepare();
      const bridge = fixture.createBridge();
      await bridge.close();
      await bridge.close();
    });
  });
}
