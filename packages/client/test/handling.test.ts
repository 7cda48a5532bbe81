import { memoryOutbox, SeededRandom, settlePromises, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { type ClientSettings, createClient, type Message } from '../src/index.js';
import { outboxOn } from '../src/outbox/index.js';
import { ScriptedTransport } from './fixtures/scripted-transport.js';

/** Enough for an outbox that opens three boxes and creates a device. */
const TURNS = 40;

describe('a listener of message', () => {
  it('that returns a promise has handled the message when it resolves', async () => {
    const { client, receive, acknowledged } = await online();
    const handled = gate();
    client.on('message', () => handled.promise);

    receive('1');
    await settlePromises(TURNS);
    expect(acknowledged()).toEqual([]);
    handled.open();
    await settlePromises(TURNS);

    expect(acknowledged()).toEqual(['f1']);
  });

  it('that returns no promise has handled it when it returns', async () => {
    const { client, receive, acknowledged } = await online();
    const before: unknown[] = [];
    client.on('message', () => before.push(acknowledged()));

    receive('1');

    expect(before).toEqual([[]]);
    expect(acknowledged()).toEqual(['f1']);
  });

  it.each<[string, (error: Error) => unknown]>([
    [
      'throws',
      (error) => {
        throw error;
      },
    ],
    ['rejects', (error) => Promise.reject(error)],
  ])('that %s gets the message again with its next copy; the error is reported', async (_name, fail) => {
    const { client, receive, acknowledged, errors } = await online();
    const heard: string[] = [];
    client.on('message', ({ content }) => {
      heard.push(content);
      return heard.length < 3 ? fail(new Error(`failure ${heard.length}`)) : undefined;
    });

    receive('1');
    await settlePromises(TURNS);
    receive('1');
    await settlePromises(TURNS);
    expect(acknowledged()).toEqual([]);
    receive('1');
    await settlePromises(TURNS);
    receive('1');

    expect(heard).toEqual(['1', '1', '1']);
    expect(acknowledged()).toEqual(['f1', 'f1']);
    expect(errors).toEqual([new Error('failure 1'), new Error('failure 2')]);
  });

  it('that fails without QoS is reported; no copy will come', async () => {
    const { client, receive, acknowledged, errors } = await online();
    client.on('message', () => Promise.reject(new Error('a failure')));

    receive('1', { qos: false });
    await settlePromises(TURNS);

    expect(errors).toEqual([new Error('a failure')]);
    expect(acknowledged()).toEqual([]);
  });

  it('acknowledges no message of the next user with the same fingerprint and content', async () => {
    const { client, transport, receive, acknowledged } = await online();
    const [first, second] = [gate(), gate()];
    const gates = [first, second];
    client.on('message', () => gates.shift()?.promise);
    receive('1');
    await client.logout();
    const login = client.login({ userId: 'carol' });
    await settlePromises(TURNS);
    transport.link.accept();
    await login;

    receive('1', { to: 'carol' });
    first.open();
    await settlePromises(TURNS);
    expect(acknowledged()).toEqual([]);
    second.open();
    await settlePromises(TURNS);

    expect(acknowledged()).toEqual(['f1']);
  });

  it('gets no copy while it handles the message, however long that takes', async () => {
    const { client, clock, receive, acknowledged } = await online({ senseMode: 120 });
    const handled = gate();
    const heard: string[] = [];
    client.on('message', ({ content }) => {
      heard.push(content);
      return handled.promise;
    });

    for (let copies = 0; copies < 10; copies++) {
      receive('1');
      await clock.advanceAsync(5_000);
    }
    expect(acknowledged()).toEqual([]);
    handled.open();
    await settlePromises(TURNS);

    expect(heard).toEqual(['1']);
    expect(acknowledged()).toEqual(['f1']);
  });

  it('does not delay later messages, nor keep-alives', async () => {
    const { client, transport, clock, receive, acknowledged } = await online({ senseMode: 5 });
    const heard: string[] = [];
    client.on('message', ({ content }) => {
      heard.push(content);
      return content === 'slow' ? new Promise(() => {}) : Promise.resolve();
    });

    for (const content of ['1', 'slow', '2', '3']) receive(content);
    await clock.advanceAsync(5_000);

    expect(heard).toEqual(['1', 'slow', '2', '3']);
    expect(acknowledged()).toEqual(['f1', 'f2', 'f3']);
    expect(transport.link.packets(1)).toHaveLength(1);
  });

  it('and others have handled the message when all of them have', async () => {
    const { client, receive, acknowledged } = await online();
    const [first, second] = [gate(), gate()];
    client.on('message', () => first.promise);
    client.on('message', () => second.promise);
    client.on('message', () => {});
    const reader = client.messages();

    receive('1');
    await reader.next();
    void reader.next();
    second.open();
    await settlePromises(TURNS);
    expect(acknowledged()).toEqual([]);
    first.open();
    await settlePromises(TURNS);

    expect(acknowledged()).toEqual(['f1']);
  });

  it('and others get the message again if one of them has failed', async () => {
    const { client, receive, acknowledged, errors } = await online();
    const heard: string[] = [];
    client.on('message', () => heard.push('works'));
    client.on('message', () => heard.push('fails') < 4 && Promise.reject(new Error('a failure')));

    receive('1');
    await settlePromises(TURNS);
    receive('1');
    await settlePromises(TURNS);

    expect(heard).toEqual(['works', 'fails', 'works', 'fails']);
    expect(errors).toHaveLength(1);
    expect(acknowledged()).toEqual(['f1']);
  });

  it('does not handle more than maxUnhandledMessages at a time', async () => {
    const { client, receive, acknowledged, errors } = await online({ maxUnhandledMessages: 2 });
    const gates = [gate(), gate(), gate()];
    const heard: string[] = [];
    client.on('message', ({ content }) => {
      heard.push(content);
      return gates[Number(content)]?.promise;
    });

    for (const content of ['0', '1', '2']) receive(content);
    expect(heard).toEqual(['0', '1']);
    expect(errors).toMatchObject([{ code: 'ERR_TOO_MANY_UNHANDLED' }]);
    gates[0]?.open();
    await settlePromises(TURNS);
    receive('2');

    expect(heard).toEqual(['0', '1', '2']);
    expect(acknowledged()).toEqual(['f0']);
  });

  it('that closes the client must acknowledge before', async () => {
    const { client, receive, acknowledged } = await online();
    client.on('message', async (message) => {
      if (message.content === 'stop') message.acknowledge();
      await client.close();
    });

    receive('stop');
    await settlePromises(TURNS);

    expect(acknowledged()).toEqual(['fstop']);
  });
});

describe('without a listener or reader', () => {
  it('a message is acknowledged at once', async () => {
    const { receive, acknowledged } = await online();

    receive('1');

    expect(acknowledged()).toEqual(['f1']);
  });

  it('a message is not acknowledged with acknowledge manual, and its next copy is emitted', async () => {
    const { client, receive, acknowledged } = await online({ acknowledge: 'manual' });
    receive('1');
    expect(acknowledged()).toEqual([]);

    const heard: Message[] = [];
    client.on('message', (message) => heard.push(message));
    receive('1');

    expect(heard).toHaveLength(1);
  });
});

describe('acknowledge manual', () => {
  it('leaves the acknowledgement to the application', async () => {
    const { client, receive, acknowledged } = await online({ acknowledge: 'manual' });
    const heard: Message[] = [];
    client.on('message', async (message) => heard.push(message));

    receive('1');
    receive('2');
    await settlePromises(TURNS);
    receive('1');
    expect(acknowledged()).toEqual([]);
    heard[1]?.acknowledge();
    heard[1]?.acknowledge();
    expect(acknowledged()).toEqual(['f2']);
    heard[0]?.acknowledge();
    receive('1');

    expect(heard).toHaveLength(2);
    expect(acknowledged()).toEqual(['f2', 'f1', 'f1']);
  });

  it('hands a message out again if its listener has failed', async () => {
    const { client, receive, acknowledged, errors } = await online({ acknowledge: 'manual' });
    const heard: Message[] = [];
    client.on('message', (message) => {
      if (heard.push(message) === 1) throw new Error('a failure');
    });

    receive('1');
    receive('1');
    expect(errors).toHaveLength(1);
    heard[1]?.acknowledge();

    expect(acknowledged()).toEqual(['f1']);
  });

  it('applies to messages() too', async () => {
    const { client, receive, acknowledged } = await online({ acknowledge: 'manual' });
    const reader = client.messages();
    receive('1');
    receive('2');

    const { value } = await reader.next();
    await reader.next();
    expect(acknowledged()).toEqual([]);
    value?.acknowledge();

    expect(acknowledged()).toEqual(['f1']);
  });
});

describe('message.acknowledge', () => {
  it('acknowledges at once, also by default; a later failure is only reported', async () => {
    const { client, receive, acknowledged, errors } = await online();
    client.on('message', (message) => {
      message.acknowledge();
      message.acknowledge();
      return Promise.reject(new Error('a failure'));
    });

    receive('1');
    expect(acknowledged()).toEqual(['f1']);
    await settlePromises(TURNS);
    receive('1');

    expect(errors).toHaveLength(1);
    expect(acknowledged()).toEqual(['f1', 'f1']);
  });

  it('is not part of a clone, JSON or the keys of a message', async () => {
    const { client, receive } = await online();
    const heard: Message[] = [];
    client.on('message', (message) => heard.push(message));
    receive('1');
    const [message] = heard;

    expect({ ...structuredClone(message) }).toEqual({
      from: 'bob',
      to: 'alice',
      content: '1',
      type: 0,
      fingerprint: 'f1',
    });
    expect(JSON.parse(JSON.stringify(message))).toEqual({ ...message });
  });
});

describe('remember', () => {
  it('stores a message when it was handled, then acknowledges it', async () => {
    const storage = memoryOutbox();
    const { client, receive, acknowledged } = await online({ outbox: outboxOn(storage), remember: 10 });
    const handled = gate();
    client.on('message', () => handled.promise);

    receive('1');
    await settlePromises(TURNS);
    expect(storage.entries('received:alice')).toEqual([]);
    handled.open();
    await settlePromises(TURNS);

    expect(storage.entries('received:alice')).toMatchObject([
      { key: expect.stringMatching(/^3:bob5:alicef1 /) },
    ]);
    expect(acknowledged()).toEqual(['f1']);
  });

  it('does not store a message whose handling has failed', async () => {
    const storage = memoryOutbox();
    const { client, receive } = await online({ outbox: outboxOn(storage), remember: 10 });
    client.on('message', () => Promise.reject(new Error('a failure')));

    receive('1');
    await settlePromises(TURNS);

    expect(storage.entries('received:alice')).toEqual([]);
  });

  it('does not store a message of one user for another', async () => {
    const storage = memoryOutbox();
    const { client, transport, receive } = await online({ outbox: outboxOn(storage), remember: 10 });
    const handled = gate();
    client.on('message', () => handled.promise);
    receive('1');
    await client.logout();
    const login = client.login({ userId: 'carol' });
    await settlePromises(TURNS);
    transport.link.accept();
    await login;

    handled.open();
    await settlePromises(TURNS);

    expect(storage.entries('received:alice')).toEqual([]);
    expect(storage.entries('received:carol')).toEqual([]);
  });
});

async function online(settings: ClientSettings = {}) {
  const transport = new ScriptedTransport();
  const clock = new VirtualClock();
  const client = createClient({ transport, clock, random: new SeededRandom(1).next, ...settings });
  const errors: Error[] = [];
  client.on('error', (error) => errors.push(error));
  const login = client.login({ userId: 'alice' });
  await settlePromises(TURNS);
  transport.link.accept();
  await login;
  const receive = (content: string, { qos = true, to = 'alice' } = {}): void => {
    const packet = { type: 2, dataContent: content, from: 'bob', to, QoS: qos };
    transport.link.handler.received(JSON.stringify({ ...packet, ...(qos && { fp: `f${content}` }) }));
  };
  /** Fingerprints of the messages that were acknowledged on the current link. */
  const acknowledged = () => transport.link.packets(4).map(({ dataContent }) => dataContent);
  return { client, transport, clock, receive, acknowledged, errors };
}

/** A promise that the test resolves. */
function gate(): { readonly promise: Promise<void>; open(): void } {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open: () => open() };
}
