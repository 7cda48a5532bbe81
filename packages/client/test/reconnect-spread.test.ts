import { SeededRandom, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { type ClientSettings, createClient, type PlatformSignal } from '../src/index.js';
import { ScriptedTransport } from './fixtures/scripted-transport.js';

const CLIENTS = 400;

describe('400 clients that lose their links together', () => {
  it('come back spread over backoff.initialMs', async () => {
    const delays = await firstDelays();

    expect(delays).toHaveLength(CLIENTS);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...delays)).toBeLessThanOrEqual(1_000);
    expect(fullest(delays)).toBeLessThan(CLIENTS / 5);
  });

  it('are spread further with a larger backoff.initialMs', async () => {
    const delays = await firstDelays({ backoff: { initialMs: 10_000 } });

    expect(Math.max(...delays)).toBeLessThanOrEqual(10_000);
    expect(Math.max(...delays)).toBeGreaterThan(9_000);
    expect(fullest(delays)).toBeLessThan(CLIENTS / 20);
  });

  it('wait half a second on average', async () => {
    const delays = await firstDelays();

    const mean = delays.reduce((sum, delay) => sum + delay, 0) / CLIENTS;
    expect(mean).toBeGreaterThan(450);
    expect(mean).toBeLessThan(650);
  });
});

describe('one client', () => {
  it('comes back at once when the network does', async () => {
    const { transport, clock, signal } = await online(new VirtualClock(), 1);
    transport.link.handler.closed();
    expect(transport.links).toHaveLength(1);

    signal('online');

    expect(transport.links).toHaveLength(2);
    expect(clock.now()).toBe(0);
  });

  it('comes back at once when the link breaks right after the network came back', async () => {
    const { transport, clock, signal } = await online(new VirtualClock(), 1);
    signal('online');

    transport.link.handler.closed();
    clock.advance(0);

    expect(transport.links).toHaveLength(2);
  });

  it('comes back at once when the application calls retryNow', async () => {
    const { client, transport } = await online(new VirtualClock(), 1);
    transport.link.handler.closed();

    client.retryNow();

    expect(transport.links).toHaveLength(2);
  });

  it('doubles the bound when the link breaks again before a keep-alive was answered', async () => {
    const delays: number[] = [];
    const { client, transport, clock } = await online(new VirtualClock(), 1, { random: () => 1 });
    for (let n = 0; n < 3; n++) {
      const lostAt = clock.now();
      transport.link.handler.closed();
      const links = transport.links.length;
      while (transport.links.length === links) clock.runNext();
      delays.push(clock.now() - lostAt);
      transport.link.accept();
      expect(client.state).toBe('online');
    }

    expect(delays).toEqual([1_000, 2_000, 4_000]);
  });
});

/** How long each client waits before its first attempt when all links are lost at one instant, in milliseconds. */
async function firstDelays(settings: ClientSettings = {}): Promise<number[]> {
  const clock = new VirtualClock();
  const clients = [];
  for (let seed = 1; seed <= CLIENTS; seed++) clients.push(await online(clock, seed, settings));
  const delays: number[] = [];
  for (const { transport } of clients) {
    transport.onConnect = () => delays.push(clock.now());
    transport.link.handler.closed(new Error('the server was restarted'));
  }
  while (delays.length < CLIENTS) clock.runNext();
  return delays;
}

/** The largest number of clients that connect within one tenth of a second. */
function fullest(delays: readonly number[]): number {
  const perTenth = new Map<number, number>();
  for (const delay of delays) {
    const tenth = Math.floor(delay / 100);
    perTenth.set(tenth, (perTenth.get(tenth) ?? 0) + 1);
  }
  return Math.max(...perTenth.values());
}

async function online(clock: VirtualClock, seed: number, settings: ClientSettings = {}) {
  const transport = new ScriptedTransport();
  let signal: (signal: PlatformSignal) => void = () => {};
  const signals = {
    subscribe: (listener: (signal: PlatformSignal) => void) => {
      signal = listener;
      return () => {};
    },
  };
  const client = createClient({
    transport,
    clock,
    random: new SeededRandom(seed).next,
    signals,
    ...settings,
  });
  const login = client.login({ userId: 'alice' });
  transport.link.accept();
  await login;
  return { client, transport, clock, signal };
}
