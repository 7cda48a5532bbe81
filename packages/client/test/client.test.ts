import { SeededRandom, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import type { ImClient } from '../src/client.js';
import { createClient } from '../src/create-client.js';
import type { ClientEvents } from '../src/events.js';
import { type Logger, silentLogger } from '../src/logger.js';
import type { ClientSettings } from '../src/options.js';
import { ScriptedTransport } from './fixtures/scripted-transport.js';

describe('login', () => {
  it('resolves with the first login time when the server has accepted the login', async () => {
    const { client, transport } = setUp();

    const login = client.login({ userId: 'alice', token: 't' });
    expect(client.state).toBe('connecting');
    transport.link.accept();

    await expect(login).resolves.toEqual({ firstLoginTime: 77 });
    expect(client.state).toBe('online');
    expect(client.userId).toBe('alice');
  });

  it('rejects with the server’s code, with no timer and no open link left', async () => {
    const { client, transport, clock } = setUp();
    const rejections: number[] = [];
    client.on('rejected', ({ code }) => rejections.push(code));

    const login = client.login({ userId: 'alice' });
    transport.link.handler.opened();
    transport.link.answer(50, '{"code":1025,"firstLoginTime":-1}');

    await expect(login).rejects.toMatchObject({
      name: 'LoginError',
      code: 'ERR_LOGIN_REJECTED',
      serverCode: 1025,
    });
    expect(rejections).toEqual([1025]);
    expect(transport.link.isClosed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('retries an unreachable server until connectTimeoutMs has passed', async () => {
    const { client, transport, clock } = setUp({ connectTimeoutMs: 10_000 });
    transport.onConnect = (link) => link.handler.closed(new Error('ECONNREFUSED'));

    const login = client.login({ userId: 'alice' });
    clock.advance(10_000);

    await expect(login).rejects.toMatchObject({
      code: 'ERR_CANNOT_CONNECT',
      cause: { message: 'ECONNREFUSED' },
    });
    expect(transport.links.length).toBeGreaterThan(3);
    expect(client.state).toBe('idle');
    expect(clock.pending).toBe(0);
  });

  it('treats a transport that throws as one that cannot connect', async () => {
    const { client, transport } = setUp({ autoReconnect: false });
    const failure = new Error('no such scheme');
    transport.onConnect = () => {
      throw failure;
    };

    await expect(client.login({ userId: 'alice' })).rejects.toMatchObject({
      code: 'ERR_CANNOT_CONNECT',
      cause: { code: 'ERR_LINK_FAILED', cause: failure },
    });
  });

  it('supports a link that opens and answers before connect returns', async () => {
    const { client, transport } = setUp();
    transport.onConnect = (link) => link.accept();

    await client.login({ userId: 'alice' });

    expect(transport.link.packets(0)).toHaveLength(1);
  });

  it('rejects a second login, and one after close', async () => {
    const { client } = await online();

    await expect(client.login({ userId: 'bob' })).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ERR_ALREADY_LOGGED_IN',
    });
    await client.close();
    await expect(client.login({ userId: 'bob' })).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  });

  it.each(['', '0', '-1', 'x'.repeat(257)])('rejects the user id %j', async (userId) => {
    await expect(setUp().client.login({ userId })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });

  it('rejects a login that is too large for the transport', async () => {
    const { client, transport } = setUp();

    await expect(client.login({ userId: 'alice', token: 'x'.repeat(6144) })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    });
    expect(transport.links).toEqual([]);
  });

  it('can be called from a listener of the event that ended the previous login', async () => {
    const { client, transport } = setUp();
    const first = client.login({ userId: 'alice' });
    let second: Promise<unknown> | undefined;
    client.on('kicked', () => {
      second = client.login({ userId: 'alice' });
    });

    transport.link.handler.opened();
    transport.link.answer(54, '{"code":1}');
    transport.link.accept();

    await expect(first).rejects.toMatchObject({ code: 'ERR_KICKED' });
    await expect(second).resolves.toEqual({ firstLoginTime: 77 });
    expect(transport.links.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });
});

describe('logout', () => {
  it('sends a logout packet and closes the link, with no timer left', async () => {
    const { client, transport, clock } = await online();

    await client.logout();

    expect(transport.link.packets(3)).toHaveLength(1);
    expect(transport.link.isClosed).toBe(true);
    expect(client.state).toBe('idle');
    expect(clock.pending).toBe(0);
  });

  it('rejects a pending login', async () => {
    const { client } = setUp();
    const login = client.login({ userId: 'alice' });

    await client.logout();

    await expect(login).rejects.toMatchObject({ code: 'ERR_LOGIN_ABORTED' });
  });

  it('leaves no timer when called while waiting for the next attempt', async () => {
    const { client, transport, clock } = await online();
    transport.link.handler.closed();
    expect(clock.pending).toBe(1);

    await client.close();

    expect(clock.pending).toBe(0);
    clock.advance(100_000);
    expect(transport.links).toHaveLength(1);
  });
});

describe('send', () => {
  it('resolves with a receipt when the receiver has acknowledged the message', async () => {
    const { client, transport, clock } = await online();
    const delivered: string[] = [];
    client.on('delivered', ({ fingerprint }) => delivered.push(fingerprint));

    const sending = client.send({ to: 'bob', content: 'hello' });
    const fp = transport.link.packets(2)[0]?.fp ?? '';
    clock.advance(40);
    transport.link.answer(4, fp, 'bob');

    expect(fp).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await expect(sending).resolves.toEqual({
      fingerprint: fp,
      attempts: 1,
      outcome: 'received',
      acknowledgedAt: clock.wallTime(),
    });
    expect(delivered).toEqual([fp]);
  });

  it('rejects after the last retry', async () => {
    const { client, transport, clock } = await online({ senseMode: 120 });
    const undelivered: unknown[] = [];
    client.on('undelivered', (event) => undelivered.push(event));

    const sending = client.send({ to: 'bob', content: 'hello', fingerprint: 'f' });
    clock.advance(15_000);

    await expect(sending).rejects.toMatchObject({ name: 'DeliveryError', code: 'ERR_NOT_ACKNOWLEDGED' });
    expect(transport.link.packets(2)).toHaveLength(3);
    expect(undelivered).toEqual([
      { fingerprint: 'f', error: expect.objectContaining({ name: 'DeliveryError' }) },
    ]);
  });

  it('resolves without QoS when the message is written', async () => {
    const { client, transport } = await online();

    const receipt = await client.send({ to: 'bob', content: 'hello', qos: false });

    expect(receipt).toEqual({ outcome: 'written', attempts: 1 });
    expect(transport.link.packets(2)).toEqual([
      {
        bridge: false,
        type: 2,
        dataContent: 'hello',
        from: 'alice',
        to: 'bob',
        QoS: false,
        typeu: -1,
        sm: -1,
      },
    ]);
  });

  it('does not emit delivered for a message without an acknowledgement', async () => {
    const { client, seen } = await online();

    const receipt = await client.send({ to: 'bob', content: 'hello', qos: false, fingerprint: 'f' });

    expect(receipt).toEqual({ outcome: 'written', fingerprint: 'f', attempts: 1 });
    expect(seen.filter(([name]) => name === 'delivered')).toEqual([]);
  });

  it('removes its listener from the signal when the message is done', async () => {
    const { client } = await online();
    const listeners = new Set<() => void>();
    const signal = {
      aborted: false,
      addEventListener: (_type: 'abort', listener: () => void) => void listeners.add(listener),
      removeEventListener: (_type: 'abort', listener: () => void) => void listeners.delete(listener),
    };

    const sending = client.send({ to: 'bob', content: 'x', signal });
    expect(listeners.size).toBe(1);
    await client.logout();

    await expect(sending).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(listeners.size).toBe(0);
  });

  it('aborts a message when its signal is aborted, and removes the listener when it is done', async () => {
    const { client, transport, clock } = await online({ senseMode: 120 });
    const controller = new AbortController();

    const given = client.send({ to: 'bob', content: '1', signal: controller.signal });
    const done = client.send({ to: 'bob', content: '2', fingerprint: 'f2', signal: controller.signal });
    transport.link.answer(4, 'f2', 'bob');
    controller.abort();

    await expect(given).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect(done).resolves.toMatchObject({ fingerprint: 'f2' });
    clock.advance(20_000);
    expect(transport.link.packets(2)).toHaveLength(2);
    await expect(client.send({ to: 'bob', content: '3', signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(transport.link.packets(2)).toHaveLength(2);
  });

  it('waits for the next link, or fails at once with whenOffline fail', async () => {
    const { client, transport, clock } = await online();
    transport.link.handler.closed();

    const waiting = client.send({ to: 'bob', content: 'later', fingerprint: 'f' });
    await expect(client.send({ to: 'bob', content: 'now', whenOffline: 'fail' })).rejects.toMatchObject({
      code: 'ERR_OFFLINE',
    });
    clock.advance(1_000);
    transport.link.accept();
    transport.link.answer(4, 'f', 'bob');

    await expect(waiting).resolves.toMatchObject({ attempts: 1 });
  });

  it('fails at once if the client’s whenOffline is fail', async () => {
    const { client, transport } = await online({ whenOffline: 'fail' });
    transport.link.handler.closed();

    await expect(client.send({ to: 'bob', content: 'x' })).rejects.toMatchObject({ code: 'ERR_OFFLINE' });
  });

  it('rejects a pending fingerprint, and accepts it again when the message is done', async () => {
    const { client, transport } = await online();
    const first = client.send({ to: 'bob', content: 'x', fingerprint: 'f' });

    await expect(client.send({ to: 'bob', content: 'x', fingerprint: 'f' })).rejects.toMatchObject({
      code: 'ERR_FINGERPRINT_IN_USE',
    });
    transport.link.answer(4, 'f', 'bob');
    await first;
    const again = client.send({ to: 'bob', content: 'x', fingerprint: 'f' });
    transport.link.answer(4, 'f', 'bob');
    await expect(again).resolves.toMatchObject({ fingerprint: 'f' });
  });

  it('rejects further messages while the server does not read', async () => {
    const { client, transport } = await online({ maxPendingBytes: 1_000 });
    transport.link.bufferedBytes = 1_001;

    await expect(client.send({ to: 'bob', content: 'x', qos: false })).rejects.toMatchObject({
      code: 'ERR_QUEUE_FULL',
    });
  });

  it.each([
    ['an empty receiver', { to: '', content: 'x' }],
    ['the unset receiver', { to: '-1', content: 'x' }],
    ['a type beyond 32 bits', { to: 'bob', content: 'x', type: 2 ** 31 }],
    ['a fingerprint that is no string', { to: 'bob', content: 'x', fingerprint: 7 as never }],
    ['an empty fingerprint', { to: 'bob', content: 'x', fingerprint: '' }],
  ])('rejects %s', async (_name, request) => {
    const { client } = await online();

    await expect(client.send(request)).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ERR_INVALID_ARGUMENT',
    });
  });

  it('rejects pending messages when the login ends', async () => {
    const { client, transport, clock } = await online();
    const sending = client.send({ to: 'bob', content: 'x' });

    transport.link.answer(54, '{"code":2,"reason":"r"}');

    await expect(sending).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(clock.pending).toBe(0);
    await expect(client.send({ to: 'bob', content: 'x' })).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('events', () => {
  it('report a lost link, with the wall time of the next attempt', async () => {
    const { transport, clock, seen } = await online();
    const broken = new Error('ECONNRESET');

    transport.link.handler.closed(broken);
    const [lost, waiting] = seen.slice(-2);
    expect(lost).toEqual(['linkLost', { reason: 'link-closed', cause: broken }]);
    expect(waiting).toEqual([
      'state',
      {
        previous: 'online',
        current: 'waiting',
        reason: 'link-closed',
        cause: broken,
        retryAt: expect.closeTo(clock.wallTime() + (clock.nextAt - clock.now()), 0),
      },
    ]);

    clock.advance(1_000);
    transport.link.accept();
    expect(seen.slice(-3)).toEqual([
      ['state', { previous: 'waiting', current: 'connecting' }],
      ['state', { previous: 'connecting', current: 'authenticating' }],
      ['state', { previous: 'authenticating', current: 'online' }],
    ]);
  });

  it('emit a message once and acknowledge every copy', async () => {
    const { transport, seen } = await online();
    const frame = '{"type":2,"dataContent":"hi","from":"bob","to":"alice","fp":"f","QoS":true,"typeu":3}';

    transport.link.handler.received(frame);
    transport.link.handler.received(frame);

    expect(seen.filter(([name]) => name === 'message')).toEqual([
      ['message', { from: 'bob', to: 'alice', content: 'hi', type: 3, fingerprint: 'f' }],
    ]);
    expect(transport.link.packets(4)).toHaveLength(2);
  });

  it('have code and reason for a kick-out', async () => {
    const { client, transport, seen } = await online();

    transport.link.answer(54, '{"code":2,"reason":"r"}');

    expect(seen).toContainEqual(['kicked', { code: 2, reason: 'r' }]);
    expect(client.state).toBe('idle');
    expect(transport.link.isClosed).toBe(true);
  });

  it('are emitted in order although a listener sends and logs out', async () => {
    const { client, transport, seen } = await online();
    client.on('message', () => {
      client.send({ to: 'bob', content: 'answer' }).catch(() => {});
      client.logout().catch(() => {});
    });

    transport.link.handler.received(
      '{"type":2,"dataContent":"hi","from":"bob","to":"alice","fp":"f","QoS":true}',
    );

    expect(transport.link.frames.map((frame) => JSON.parse(frame).type)).toEqual([0, 2, 3]);
    expect(seen.slice(-3).map(([name]) => name)).toEqual(['message', 'state', 'undelivered']);
  });

  it('continue when a listener throws, and the error is emitted', async () => {
    const { client, transport, seen } = await online();
    const later: string[] = [];
    client.on('message', () => {
      throw new Error('a listener’s own');
    });
    client.on('message', ({ content }) => later.push(content));

    transport.link.handler.received('{"type":2,"dataContent":"hi","from":"bob","to":"alice"}');

    expect(later).toEqual(['hi']);
    expect(seen.filter(([name]) => name === 'error')).toEqual([['error', new Error('a listener’s own')]]);
  });

  it('named error are logged without a listener, without message content', async () => {
    const warnings: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      warn: (fields, message) => warnings.push(`${message} ${JSON.stringify(fields)}`),
    };
    const transport = new ScriptedTransport();
    const client = createClient({ transport, clock: new VirtualClock(), logger });
    transport.onConnect = (link) => link.accept();
    await client.login({ userId: 'alice' });

    transport.link.answer(52, '{"errorCode":4,"errorMsg":"secret"}');
    transport.link.handler.received('{"secret"');

    expect(warnings).toHaveLength(2);
    expect(warnings.join()).toContain('error 4');
    expect(warnings.join()).not.toContain('secret');
  });

  it('named error are logged when their own listener throws', async () => {
    const errors: string[] = [];
    const logger: Logger = { ...silentLogger, error: (_fields, message) => errors.push(message) };
    const { client, transport } = await online({ logger });
    client.on('error', () => {
      throw new Error('in vain');
    });

    transport.link.handler.received('not JSON');

    expect(errors).toEqual(['a listener of the event "error" threw: in vain']);
  });

  it('are not emitted to a removed listener', async () => {
    const { client, transport } = await online();
    const heard: string[] = [];
    const unsubscribe = client.on('message', ({ content }) => heard.push(content));
    const message = (content: string) => `{"type":2,"dataContent":"${content}","from":"bob","to":"alice"}`;

    transport.link.handler.received(message('1'));
    unsubscribe();
    transport.link.handler.received(message('2'));

    expect(heard).toEqual(['1']);
  });
});

describe('a link', () => {
  it('is closed before the next one is opened, and ignored afterwards', async () => {
    const { client, transport, clock } = await online({ senseMode: 3 });
    const silent = transport.link;

    clock.advance(5_000);
    expect(silent.isClosed).toBe(true);
    clock.advance(1_000);
    expect(transport.links).toHaveLength(2);
    silent.handler.closed();
    silent.answer(54, '{"code":1}');

    expect(client.state).toBe('connecting');
  });

  it('that throws does not stop the client', async () => {
    const { client, transport, clock, seen } = await online();
    transport.link.close = () => {
      throw new Error('cannot close');
    };

    await client.logout();

    expect(seen.slice(-2)).toEqual([
      ['error', new Error('cannot close')],
      ['state', { previous: 'online', current: 'idle', reason: 'logout' }],
    ]);
    expect(clock.pending).toBe(0);
    const again = client.login({ userId: 'alice' });
    transport.link.accept();
    await expect(again).resolves.toEqual({ firstLoginTime: 77 });
  });

  it('is opened again at once by retryNow', async () => {
    const { client, transport } = await online();
    transport.link.handler.closed();

    client.retryNow();

    expect(transport.links).toHaveLength(2);
    expect(client.state).toBe('connecting');
  });

  it('has the round-trip time of its keep-alives', async () => {
    const { client, transport, clock } = await online({ senseMode: 3 });

    clock.advance(3_000);
    clock.advance(25);
    transport.link.answer(51, '{}');

    expect(client.roundTripMs).toBe(25);
  });
});

type Seen = { [Name in keyof ClientEvents]: [Name, ClientEvents[Name]] }[keyof ClientEvents];

function setUp(settings: ClientSettings = {}) {
  const transport = new ScriptedTransport();
  const clock = new VirtualClock();
  const client = createClient({ transport, clock, random: new SeededRandom(1).next, ...settings });
  return { client, transport, clock, seen: record(client) };
}

async function online(settings: ClientSettings = {}) {
  const parts = setUp(settings);
  const login = parts.client.login({ userId: 'alice', token: 't' });
  parts.transport.link.accept();
  await login;
  return parts;
}

function record(client: ImClient): Seen[] {
  const seen: Seen[] = [];
  client.on('message', (event) => seen.push(['message', event]));
  client.on('state', (event) => seen.push(['state', event]));
  client.on('kicked', (event) => seen.push(['kicked', event]));
  client.on('rejected', (event) => seen.push(['rejected', event]));
  client.on('linkLost', (event) => seen.push(['linkLost', event]));
  client.on('delivered', (event) => seen.push(['delivered', event]));
  client.on('undelivered', (event) => seen.push(['undelivered', event]));
  client.on('error', (event) => seen.push(['error', event]));
  return seen;
}
