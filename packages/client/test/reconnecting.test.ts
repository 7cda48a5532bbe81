import type { Clock } from '@imcore/protocol';
import { SeededRandom, settlePromises, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { type ClientSettings, createClient, type PlatformSignal } from '../src/index.js';
import { browserSignals } from '../src/platform-signals.js';
import { ScriptedTransport } from './fixtures/scripted-transport.js';

describe('a token function', () => {
  it('is called before each login', async () => {
    const tokens = ['t1', 't2'];
    const { client, transport, clock } = setUp();
    const login = client.login({ userId: 'alice', token: () => Promise.resolve(tokens.shift() ?? '') });
    await settlePromises();
    transport.link.accept();
    await login;
    transport.link.handler.closed();
    await clock.advanceAsync(1_000);
    transport.link.accept();

    expect(transport.links.map((link) => loginTokenOf(link.frames))).toEqual(['t1', 't2']);
  });

  it('is called again later if it fails', async () => {
    const { client, transport, clock, states } = setUp();
    let tries = 0;
    const token = (): string => {
      tries += 1;
      if (tries === 1) throw new Error('no session');
      return 't';
    };
    const login = client.login({ userId: 'alice', token });
    await settlePromises();
    expect(states.at(-1)).toMatchObject({
      current: 'waiting',
      reason: 'no-token',
      cause: { code: 'ERR_TOKEN_UNAVAILABLE', cause: new Error('no session') },
    });
    expect(transport.links).toEqual([]);

    await clock.advanceAsync(1_000);
    transport.link.accept();
    await login;
  });

  it('is ignored after tokenTimeoutMs', async () => {
    const answers: ((token: string) => void)[] = [];
    const { client, transport, clock, states } = setUp({ tokenTimeoutMs: 2_000 });
    const token = () => new Promise<string>((resolve) => answers.push(resolve));
    client.login({ userId: 'alice', token }).catch(() => {});
    await clock.advanceAsync(2_000);
    expect(states.at(-1)).toMatchObject({ reason: 'no-token', cause: { code: 'ERR_TOKEN_UNAVAILABLE' } });
    await clock.advanceAsync(1_000);
    answers[0]?.('late');
    await settlePromises();
    expect(transport.links).toEqual([]);

    answers[1]?.('in time');
    await settlePromises();
    transport.link.accept();
    expect(loginTokenOf(transport.link.frames)).toBe('in time');
  });

  it.each([
    ['is no text', () => 7 as unknown as string],
    ['is too long', () => 'x'.repeat(7_000)],
  ])('fails when it %s', async (_name, token) => {
    const { client, states } = setUp();
    client.login({ userId: 'alice', token }).catch(() => {});
    await settlePromises();

    expect(states.at(-1)).toMatchObject({ cause: { cause: { code: 'ERR_INVALID_ARGUMENT' } } });
  });

  it('does not delay a logout', async () => {
    const { client, clock } = setUp();
    const login = client.login({ userId: 'alice', token: () => new Promise(() => {}) });
    await settlePromises();

    await client.logout();

    await expect(login).rejects.toMatchObject({ code: 'ERR_LOGIN_ABORTED' });
    expect(clock.pending).toBe(0);
  });
});

describe('a rejected login', () => {
  it('is retried if the code reports a temporary problem of the server', async () => {
    const { client, transport, clock } = setUp();
    const rejections: unknown[] = [];
    client.on('rejected', (event) => rejections.push(event));
    const login = client.login({ userId: 'alice' });
    transport.link.handler.opened();
    transport.link.answer(50, '{"code":2,"firstLoginTime":-1}');
    expect(client.state).toBe('waiting');

    clock.advance(1_000);
    transport.link.accept();
    await login;

    expect(rejections).toEqual([{ code: 2, isFinal: false }]);
  });

  it('is final if isFinalRejection returns true', async () => {
    const { client, transport } = setUp({ isFinalRejection: (code) => code === 2 });
    const login = client.login({ userId: 'alice' });
    transport.link.handler.opened();
    transport.link.answer(50, '{"code":2,"firstLoginTime":-1}');

    await expect(login).rejects.toMatchObject({ code: 'ERR_LOGIN_REJECTED', serverCode: 2 });
    expect(client.state).toBe('idle');
  });
});

describe('the platform’s signals', () => {
  it.each<PlatformSignal>(['online', 'visible'])('%s ends the wait for the next attempt', async (signal) => {
    const { client, transport, clock, platform } = setUp();
    client.login({ userId: 'alice' }).catch(() => {});
    transport.link.handler.closed();
    expect(client.state).toBe('waiting');
    const before = clock.now();

    platform.signal(signal);

    expect(client.state).toBe('connecting');
    expect(transport.links).toHaveLength(2);
    expect(clock.now()).toBe(before);
  });

  it('online restarts a link that is being opened, visible does not', async () => {
    const { client, transport, platform } = setUp();
    client.login({ userId: 'alice' }).catch(() => {});

    platform.signal('visible');
    expect(transport.links).toHaveLength(1);
    platform.signal('online');
    expect(transport.links).toHaveLength(2);
    expect(transport.links[0]?.isClosed).toBe(true);
  });

  it('visible restarts an attempt whose deadline has passed during a suspension', async () => {
    const awake = new VirtualClock();
    let sleptMs = 0;
    const clock: Clock = {
      now: () => awake.now() + sleptMs,
      wallTime: () => awake.wallTime() + sleptMs,
      schedule: (at, run) => awake.schedule(at - sleptMs, run),
    };
    const { client, transport, platform } = setUp({ clock });
    await login(client, transport);
    transport.link.handler.closed();
    awake.advance(1_000);
    const [, opening] = transport.links;
    sleptMs = 60_000;

    platform.signal('visible');
    expect(opening?.isClosed).toBe(true);
    expect(transport.links).toHaveLength(3);
    transport.link.handler.opened();
    sleptMs = 120_000;
    platform.signal('visible');

    expect(transport.links).toHaveLength(4);
    expect(client.state).toBe('connecting');
  });

  it('online restarts a login that is not answered', async () => {
    const { client, transport, platform } = setUp();
    client.login({ userId: 'alice' }).catch(() => {});
    transport.link.handler.opened();
    expect(client.state).toBe('authenticating');

    platform.signal('visible');
    expect(transport.links).toHaveLength(1);
    platform.signal('online');

    expect(transport.links).toHaveLength(2);
    expect(client.state).toBe('connecting');
    transport.link.accept();
    expect(client.state).toBe('online');
  });

  it('make an online client check its link and detect a dead one soon', async () => {
    const { client, transport, clock, platform, states } = setUp({ senseMode: 120 });
    await login(client, transport);

    platform.signal('visible');
    platform.signal('online');
    expect(transport.link.packets(1)).toHaveLength(1);
    clock.advance(6_000);

    expect(states.find(({ reason }) => reason === 'link-silent')).toBeDefined();
  });

  it('keep a link on which any packet arrives', async () => {
    const { client, transport, clock, platform } = setUp({ senseMode: 120 });
    await login(client, transport);

    platform.signal('visible');
    transport.link.answer(51, '{}');
    clock.advance(60_000);

    expect(client.state).toBe('online');
  });

  it('are not needed when a browser throttles chained timers: each response sets the next timer', async () => {
    const time = new VirtualClock();
    const scheduled: number[] = [];
    const schedule: Clock['schedule'] = (at, run) => {
      scheduled.push(at);
      return time.schedule(at, run);
    };
    const clock: Clock = { now: () => time.now(), wallTime: () => time.wallTime(), schedule };
    const { client, transport } = setUp({ clock });
    await login(client, transport);
    time.advance(15_000);
    expect(transport.link.packets(1)).toHaveLength(1);
    scheduled.length = 0;

    transport.link.answer(51, '{}');

    expect(scheduled).toEqual([30_000]);
    expect(time.pending).toBe(1);
  });

  it('are subscribed to while a user is logged in or logging in', async () => {
    const { client, transport, platform } = setUp();
    expect(platform.listeners.size).toBe(0);
    await login(client, transport);
    expect(platform.listeners.size).toBe(1);

    await client.logout();

    expect(platform.listeners.size).toBe(0);
  });
});

describe('a program that did not run', () => {
  it('reads what has arrived meanwhile before its link counts as lost', async () => {
    const { client, transport, clock } = setUp();
    await login(client, transport);
    clock.advance(15_010);
    clock.pause(18_000);
    clock.advance(0);
    transport.link.answer(51, '{}');
    clock.advance(1_000);

    expect(client.state).toBe('online');
    expect(transport.links).toHaveLength(1);
  });

  it('reads what has arrived meanwhile before a message counts as not acknowledged', async () => {
    const { client, transport, clock } = setUp();
    await login(client, transport);
    const sent = client.send({ to: 'bob', content: 'hi', fingerprint: 'f' });
    clock.advance(14_000);
    clock.pause(5_000);
    clock.advance(0);
    transport.link.answer(4, 'f', 'bob');
    clock.advance(1_000);

    await expect(sent).resolves.toMatchObject({ fingerprint: 'f' });
  });
});

describe('a logger that throws', () => {
  it('does not stop the client', async () => {
    const fail = (): never => {
      throw new Error('the log is closed');
    };
    const { client, transport, clock } = setUp({
      logger: { debug: fail, info: fail, warn: fail, error: fail },
    });
    await login(client, transport);

    transport.link.handler.received('no packet');
    transport.link.handler.closed();
    clock.advance(1_000);
    transport.link.accept();

    expect(client.state).toBe('online');
  });
});

describe('browserSignals', () => {
  it('emit nothing on a platform without events, and can be unsubscribed', () => {
    const heard: PlatformSignal[] = [];
    const unsubscribe = browserSignals.subscribe((signal) => heard.push(signal));
    unsubscribe();

    expect(heard).toEqual([]);
  });

  it('report the network and visible pages', () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
    const own = new EventTarget();
    const given = {
      document: page,
      addEventListener: own.addEventListener.bind(own),
      removeEventListener: own.removeEventListener.bind(own),
    };
    Object.assign(globalThis, given);
    try {
      const heard: PlatformSignal[] = [];
      const unsubscribe = browserSignals.subscribe((signal) => heard.push(signal));
      own.dispatchEvent(new Event('online'));
      page.dispatchEvent(new Event('visibilitychange'));
      page.visibilityState = 'visible';
      page.dispatchEvent(new Event('visibilitychange'));
      unsubscribe();
      own.dispatchEvent(new Event('online'));
      page.dispatchEvent(new Event('visibilitychange'));

      expect(heard).toEqual(['online', 'visible']);
    } finally {
      for (const name of Object.keys(given)) Reflect.deleteProperty(globalThis, name);
    }
  });
});

function setUp(settings: ClientSettings = {}) {
  const transport = new ScriptedTransport();
  const clock = new VirtualClock();
  const listeners = new Set<(signal: PlatformSignal) => void>();
  const platform = {
    listeners,
    signal: (signal: PlatformSignal) => {
      for (const listener of listeners) listener(signal);
    },
  };
  const signals = {
    subscribe: (listener: (signal: PlatformSignal) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const client = createClient({ transport, clock, random: new SeededRandom(1).next, signals, ...settings });
  const states: { current: string; reason?: string; cause?: Error }[] = [];
  client.on('state', (change) => states.push(change));
  return { client, transport, clock, platform, states };
}

async function login(client: ReturnType<typeof createClient>, transport: ScriptedTransport): Promise<void> {
  const result = client.login({ userId: 'alice' });
  transport.link.accept();
  await result;
}

function loginTokenOf(frames: readonly string[]): string | undefined {
  const packet = frames.map((frame) => JSON.parse(frame)).find(({ type }) => type === 0);
  return packet === undefined ? undefined : JSON.parse(packet.dataContent).loginToken;
}
