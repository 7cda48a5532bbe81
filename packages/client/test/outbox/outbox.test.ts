import { memoryOutbox, SeededRandom, settlePromises, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { type ClientEvents, type ClientSettings, createClient, OutboxError } from '../../src/index.js';
import { outboxOn } from '../../src/outbox/index.js';
import { ScriptedTransport } from '../fixtures/scripted-transport.js';

/** Enough for an outbox that opens three boxes and creates a device. */
const TURNS = 40;

describe('a durable outbox', () => {
  it('stores a message until it is acknowledged', async () => {
    const disk = memoryOutbox();
    const { client, transport } = await online({ outbox: outboxOn(disk) });

    const sending = client.send({ to: 'bob', content: 'hello', fingerprint: 'f' });
    await sending.accepted;
    expect(kept(disk)).toEqual(['f']);
    transport.link.answer(4, 'f', 'bob');
    await sending;
    await settlePromises(TURNS);

    expect(kept(disk)).toEqual([]);
  });

  it('writes a message to the link at once, without waiting for the storage', async () => {
    const { client, transport } = await online(
      { outbox: outboxOn(memoryOutbox({ delay: () => new Promise(() => {}) })) },
      false,
    );

    void client.send({ to: 'bob', content: 'hello' });

    expect(transport.link.packets(2)).toHaveLength(1);
  });

  it('restores messages of an earlier run: same fingerprints, before new messages, outcomes as events', async () => {
    const disk = memoryOutbox();
    const first = await online({ outbox: outboxOn(disk) });
    await first.client.send({ to: 'bob', content: '1', fingerprint: 'f1' }).accepted;
    await first.client.send({ to: 'bob', content: '2', fingerprint: 'f2', type: 7 }).accepted;
    disk.crash();

    const { client, transport, events } = setUp({ outbox: outboxOn(disk) });
    const login = client.login({ userId: 'alice' });
    client.send({ to: 'bob', content: '3', fingerprint: 'f3' }).catch(() => {});
    await settlePromises(TURNS);
    transport.link.accept();
    await login;
    transport.link.answer(4, 'f2', 'bob');

    expect(transport.link.packets(2).map(({ fp, dataContent }) => [fp, dataContent])).toEqual([
      ['f1', '1'],
      ['f2', '2'],
      ['f3', '3'],
    ]);
    const queuedAt = 1_700_000_000_000;
    expect(events).toEqual([
      {
        restored: {
          messages: [
            { fingerprint: 'f1', to: 'bob', content: '1', type: -1, queuedAt },
            { fingerprint: 'f2', to: 'bob', content: '2', type: 7, queuedAt },
          ],
        },
      },
      { delivered: { fingerprint: 'f2' } },
    ]);
  });

  it('counts the time before a restart towards sendTimeoutMs', async () => {
    const disk = memoryOutbox();
    const first = await online({ outbox: outboxOn(disk) });
    await first.client.send({ to: 'bob', content: '1', fingerprint: 'f1' }).accepted;
    disk.crash();

    const clock = new VirtualClock(1_700_000_000_000 + 6 * 86_400_000);
    const { client, events } = setUp({ outbox: outboxOn(disk) }, clock);
    client.login({ userId: 'alice' }).catch(() => {});
    await settlePromises(TURNS);
    await clock.advanceAsync(86_400_000);

    expect(events.at(-1)).toMatchObject({
      undelivered: { fingerprint: 'f1', error: { code: 'ERR_NOT_SENT' } },
    });
    expect(kept(disk)).toEqual([]);
  });

  it('accepts messages before the login after openOutbox', async () => {
    const disk = memoryOutbox();
    const { client, transport } = setUp({ outbox: outboxOn(disk) });
    await expect(client.send({ to: 'bob', content: 'x' })).rejects.toMatchObject({ code: 'ERR_CLOSED' });

    await client.openOutbox('alice');
    const sending = client.send({ to: 'bob', content: 'early', fingerprint: 'f' });
    await sending.accepted;
    const login = client.login({ userId: 'alice' });
    transport.link.accept();
    await login;
    transport.link.answer(4, 'f', 'bob');

    await expect(sending).resolves.toMatchObject({ fingerprint: 'f', attempts: 1 });
  });

  it('resolves two openOutbox calls when it is open, not earlier', async () => {
    const steps: (() => void)[] = [];
    const delay = () => new Promise<void>((resolve) => steps.push(resolve));
    const { client } = setUp({ outbox: outboxOn(memoryOutbox({ delay })) });
    const opened: string[] = [];
    void client.openOutbox('alice').then(() => opened.push('first'));
    void client.openOutbox('alice').then(() => opened.push('second'));
    await settlePromises(TURNS);
    expect(opened).toEqual([]);

    for (let i = 0; i < 10; i++) {
      for (const step of steps.splice(0)) step();
      await settlePromises(TURNS);
    }
    expect(opened).toEqual(['first', 'second']);
    await client.openOutbox('alice');
  });

  it('resolves openOutbox when logout is called before it is open', async () => {
    const { client } = setUp({ outbox: outboxOn(memoryOutbox({ delay: () => new Promise(() => {}) })) });
    const opening = client.openOutbox('alice');
    await settlePromises(TURNS);

    void client.logout();

    await opening;
    expect(client.state).toBe('idle');
  });

  it('keeps pending messages on a logout and rejects with ERR_POSTPONED', async () => {
    const disk = memoryOutbox();
    const { client, transport, events } = await online({ outbox: outboxOn(disk) });
    const sending = client.send({ to: 'bob', content: 'x', fingerprint: 'f' });
    await sending.accepted;

    await client.logout();

    await expect(sending).rejects.toMatchObject({ code: 'ERR_POSTPONED' });
    expect(events).toEqual([]);
    const login = client.login({ userId: 'alice' });
    await settlePromises(TURNS);
    transport.link.accept();
    await login;
    expect(transport.link.packets(2)).toMatchObject([{ fp: 'f' }]);
  });

  it('rejects with ERR_POSTPONED only when the message is stored', async () => {
    let isWritten = () => {};
    const disk = memoryOutbox({ delay: () => new Promise((resolve) => (isWritten = resolve)) });
    const { client } = await online({ outbox: outboxOn(disk) }, false);
    const outcomes: string[] = [];
    client.send({ to: 'bob', content: 'x', fingerprint: 'f' }).catch(({ code }) => outcomes.push(code));
    void client.logout();
    await settlePromises(TURNS);
    expect(outcomes).toEqual([]);

    for (let i = 0; i < 5; i++) {
      isWritten();
      await settlePromises(TURNS);
    }
    expect(outcomes).toEqual(['ERR_POSTPONED']);
    expect(kept(disk)).toEqual(['f']);
  });

  it('reports a message as undelivered if it could not be stored when the login ends', async () => {
    let fail = () => {};
    const full = new OutboxError('ERR_OUTBOX_FULL', 'no room');
    const outbox = {
      open: async () => ({
        list: async () => [],
        put: () => new Promise<void>((_resolve, reject) => (fail = () => reject(full))),
        remove: async () => {},
        close: async () => {},
      }),
    };
    const { client, events } = await online({ outbox: outboxOn(outbox) });
    const sending = client.send({ to: 'bob', content: 'x', fingerprint: 'f' });
    await settlePromises(TURNS);
    await client.logout();
    fail();

    await expect(sending).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(sending.accepted).rejects.toBe(full);
    expect(events).toMatchObject([{ error: full }, { undelivered: { fingerprint: 'f' } }]);
  });

  it('does not send messages of one user with the login of another', async () => {
    const disk = memoryOutbox();
    const { client, transport, clock } = await online({ outbox: outboxOn(disk), connectTimeoutMs: 100 });
    await client.logout();
    await client.openOutbox('alice');
    const sending = client.send({ to: 'bob', content: 'x', fingerprint: 'f' });
    await sending.accepted;

    const login = client.login({ userId: 'carol' });
    await expect(sending).rejects.toMatchObject({ code: 'ERR_POSTPONED' });
    await settlePromises(TURNS);
    transport.link.accept();
    await login;
    clock.advance(20_000);

    expect(transport.link.packets(2)).toEqual([]);
    expect(kept(disk)).toEqual(['f']);
  });

  it('keeps messages for the user’s next login when a login fails', async () => {
    const { client, transport, clock } = setUp({ outbox: outboxOn(memoryOutbox()), connectTimeoutMs: 100 });
    const failing = client.login({ userId: 'alice' });
    const sending = client.send({ to: 'bob', content: 'x', fingerprint: 'f' });
    await settlePromises(TURNS);
    clock.advance(100);
    await expect(failing).rejects.toMatchObject({ code: 'ERR_CANNOT_CONNECT' });

    const login = client.login({ userId: 'alice' });
    transport.link.accept();
    await login;
    transport.link.answer(4, 'f', 'bob');

    await expect(sending).resolves.toMatchObject({ fingerprint: 'f' });
  });

  it('sends a message that it could not store', async () => {
    const full = new OutboxError('ERR_OUTBOX_FULL', 'no room');
    const outbox = {
      open: async () => ({
        list: async () => [],
        put: () => Promise.reject(full),
        remove: async () => {},
        close: async () => {},
      }),
    };
    const { client, transport, events } = await online({ outbox: outboxOn(outbox) });

    const sending = client.send({ to: 'bob', content: 'x', fingerprint: 'f' });
    await expect(sending.accepted).rejects.toBe(full);
    transport.link.answer(4, 'f', 'bob');

    await expect(sending).resolves.toMatchObject({ fingerprint: 'f' });
    expect(events[0]).toEqual({ error: full });
  });

  it('does not block the login if it does not open, or not in time', async () => {
    const broken = { open: () => Promise.reject(new Error('no disk')) };
    const failing = await online({ outbox: outboxOn(broken) });
    expect(failing.events[0]).toMatchObject({
      error: { code: 'ERR_OUTBOX_FAILED', cause: new Error('no disk') },
    });

    const stuck = setUp({ outbox: outboxOn({ open: () => new Promise(() => {}) }) });
    const login = stuck.client.login({ userId: 'alice' });
    stuck.clock.advance(10_000);
    stuck.transport.link.accept();
    await login;
    expect(stuck.events[0]).toMatchObject({ error: { code: 'ERR_OUTBOX_FAILED' } });
  });

  it('resolves accepted when the receiver acknowledges first', async () => {
    const { client, transport } = await online(
      { outbox: outboxOn(memoryOutbox({ delay: () => new Promise(() => {}) })) },
      false,
    );
    const sending = client.send({ to: 'bob', content: 'x', fingerprint: 'f' });

    transport.link.answer(4, 'f', 'bob');

    await sending.accepted;
  });

  it('does not store messages without QoS, and is off by default', async () => {
    const disk = memoryOutbox();
    const { client } = await online({ outbox: outboxOn(disk) });
    const sending = client.send({ to: 'bob', content: 'x', qos: false });
    await sending.accepted;
    await settlePromises(TURNS);
    expect(kept(disk)).toEqual([]);

    const without = await online();
    const plain = without.client.send({ to: 'bob', content: 'x' });
    expect(plain.accepted).toBe(plain);
    await expect(without.client.openOutbox('alice')).rejects.toMatchObject({ code: 'ERR_ALREADY_LOGGED_IN' });
    plain.catch(() => {});
  });

  it('removes a message that was reported as undelivered', async () => {
    const disk = memoryOutbox();
    const { client, clock } = await online({ outbox: outboxOn(disk), senseMode: 120 });
    const sending = client.send({ to: 'bob', content: 'x', fingerprint: 'f' });
    await sending.accepted;

    clock.advance(15_000);

    await expect(sending).rejects.toMatchObject({ code: 'ERR_NOT_ACKNOWLEDGED' });
    await settlePromises(TURNS);
    expect(kept(disk)).toEqual([]);
  });
});

describe('a client that remembers what it has received', () => {
  const frame = '{"type":2,"dataContent":"hi","from":"bob","to":"alice","fp":"f","QoS":true}';

  it('does not emit a message again after a restart', async () => {
    const disk = memoryOutbox();
    const first = await online({ outbox: outboxOn(disk), remember: 10 });
    first.transport.link.handler.received(frame);
    await settlePromises(TURNS);
    expect(first.transport.link.packets(4)).toHaveLength(1);
    disk.crash();

    const second = await online({ outbox: outboxOn(disk), remember: 10 });
    second.transport.link.handler.received(frame);

    expect(second.events).toEqual([]);
    expect(second.transport.link.packets(4)).toHaveLength(1);
  });

  it('acknowledges a message only when it is remembered', async () => {
    let written = () => {};
    const delay = () => new Promise<void>((resolve) => (written = resolve));
    const { transport, events } = await online(
      { outbox: outboxOn(memoryOutbox({ delay })), remember: 10 },
      false,
    );

    transport.link.handler.received(frame);
    await settlePromises(TURNS);
    expect(events).toHaveLength(1);
    expect(transport.link.packets(4)).toEqual([]);

    for (let i = 0; i < 10; i++) {
      written();
      await settlePromises(TURNS);
    }
    expect(transport.link.packets(4)).toHaveLength(1);
  });

  it('remembers at most the given number of messages', async () => {
    const disk = memoryOutbox();
    const { transport } = await online({ outbox: outboxOn(disk), remember: 2 });

    for (const fp of ['f1', 'f2', 'f3']) transport.link.handler.received(frame.replace('"f"', `"${fp}"`));
    await settlePromises(40);

    expect(disk.entries('received:alice').map(({ key }) => key.split(' ')[0])).toEqual([
      '3:bob5:alicef2',
      '3:bob5:alicef3',
    ]);
  });
});

type Event = { [Name in keyof ClientEvents]?: ClientEvents[Name] };

function setUp(settings: ClientSettings = {}, clock = new VirtualClock()) {
  const transport = new ScriptedTransport();
  const client = createClient({ transport, random: new SeededRandom(1).next, ...settings, clock });
  const events: Event[] = [];
  for (const name of ['restored', 'delivered', 'undelivered', 'message', 'error'] as const) {
    client.on(name, (event) => events.push({ [name]: event }));
  }
  return { client, transport, clock, events };
}

/** A logged-in client of alice. */
async function online(settings: ClientSettings = {}, waitsForOutbox = true) {
  const parts = setUp(settings);
  const login = parts.client.login({ userId: 'alice' });
  await settlePromises(TURNS);
  if (!waitsForOutbox) parts.clock.advance(10_000);
  parts.transport.link.accept();
  await login;
  if (!waitsForOutbox) parts.events.length = 0;
  return parts;
}

function kept(disk: ReturnType<typeof memoryOutbox>): string[] {
  return disk.entries('waiting:alice').map(({ key }) => key);
}
