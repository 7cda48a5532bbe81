import { SeededRandom, settlePromises, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { type ClientSettings, createClient } from '../src/index.js';
import { ScriptedTransport } from './fixtures/scripted-transport.js';

describe('messages()', () => {
  it('returns messages in order and acknowledges each when the next one is asked for', async () => {
    const { client, transport, receive } = await online();
    const reader = client.messages();

    receive('1');
    receive('2');
    expect(await reader.next()).toMatchObject({ done: false, value: { content: '1', from: 'bob' } });
    expect(acknowledged(transport)).toEqual([]);
    await reader.next();
    expect(acknowledged(transport)).toEqual(['f1']);
    void reader.next();
    expect(acknowledged(transport)).toEqual(['f1', 'f2']);
  });

  it('passes a message to a waiting reader at once', async () => {
    const { client, transport, receive } = await online();
    const reader = client.messages();
    const next = reader.next();

    receive('1');

    expect(await next).toMatchObject({ value: { content: '1' } });
    expect(acknowledged(transport)).toEqual([]);
    void reader.next();
    expect(acknowledged(transport)).toEqual(['f1']);
  });

  it('ignores messages over maxUnhandledMessages until some are read', async () => {
    const { client, transport, receive } = await online({ maxUnhandledMessages: 2 });
    const reader = client.messages();

    for (const content of ['1', '2', '3']) receive(content);
    await reader.next();
    await reader.next();
    expect(acknowledged(transport)).toEqual(['f1']);

    receive('3');
    expect(await reader.next()).toMatchObject({ value: { content: '3' } });
    expect(acknowledged(transport)).toEqual(['f1', 'f2']);
  });

  it('ignores a copy of an unread message', async () => {
    const { client, transport, receive } = await online();
    const reader = client.messages();

    receive('1');
    receive('1');
    await reader.next();
    receive('1');
    expect(acknowledged(transport)).toEqual([]);
    const next = reader.next();
    receive('1');

    expect(acknowledged(transport)).toEqual(['f1', 'f1']);
    receive('2');
    expect(await next).toMatchObject({ value: { content: '2' } });
  });

  it('passes every message to each reader, and acknowledges it after the last one', async () => {
    const { client, transport, receive } = await online();
    const [first, second] = [client.messages(), client.messages()];

    receive('1');
    await first.next();
    void first.next();
    expect(acknowledged(transport)).toEqual([]);
    expect(await second.next()).toMatchObject({ value: { content: '1' } });
    expect(acknowledged(transport)).toEqual([]);
    void second.next();
    expect(acknowledged(transport)).toEqual(['f1']);
  });

  it('does not acknowledge the message at which a loop throws; its next copy is handled', async () => {
    const { client, transport, receive } = await online();
    const reading = (async () => {
      for await (const { content } of client.messages()) {
        if (content === '2') throw new Error('the disk is full');
      }
    })();
    await settlePromises();
    receive('1');
    await settlePromises();
    receive('2');
    await expect(reading).rejects.toThrow('the disk is full');
    expect(acknowledged(transport)).toEqual(['f1']);

    const next = client.messages().next();
    receive('2');
    expect(await next).toMatchObject({ value: { content: '2' } });
  });

  it('acknowledges the message at which a loop breaks only if the application does', async () => {
    const { client, transport, receive } = await online();
    const breakAt = async (last: string, acknowledges: boolean): Promise<void> => {
      for await (const message of client.messages()) {
        if (message.content !== last) continue;
        if (acknowledges) message.acknowledge();
        break;
      }
    };
    const first = breakAt('1', false);
    receive('1');
    await first;
    expect(acknowledged(transport)).toEqual([]);

    const second = breakAt('1', true);
    receive('1');
    await second;
    expect(acknowledged(transport)).toEqual(['f1']);
    receive('2');
    expect(acknowledged(transport)).toEqual(['f1', 'f2']);
  });

  it('does not acknowledge unread messages when the reader ends', async () => {
    const { client, transport, receive } = await online();
    const reader = client.messages();
    receive('1');
    await reader.return?.();
    expect(acknowledged(transport)).toEqual([]);

    const heard: string[] = [];
    client.on('message', ({ content }) => heard.push(content));
    receive('1');

    expect(heard).toEqual(['1']);
    expect(acknowledged(transport)).toEqual(['f1']);
  });

  it('acknowledges a message that a listener got, although the reader ends', async () => {
    const { client, transport, receive } = await online();
    client.on('message', () => {});
    const reader = client.messages();
    receive('1');

    await reader.return?.();

    expect(acknowledged(transport)).toEqual(['f1']);
  });

  it('continues after a lost link: a message handled meanwhile is acknowledged after the next login', async () => {
    const { client, transport, clock, receive } = await online();
    const reader = client.messages();
    receive('1');
    transport.link.handler.closed();
    await reader.next();
    const next = reader.next();
    clock.advance(1_000);
    transport.link.accept();
    expect(acknowledged(transport)).toEqual(['f1']);

    receive('1');
    receive('2');

    expect(acknowledged(transport)).toEqual(['f1', 'f1']);
    expect(await next).toMatchObject({ value: { content: '2' } });
  });

  it('ends when the client is closed, after the unread messages', async () => {
    const { client, receive } = await online();
    const reader = client.messages();
    const waiting = client.messages();
    const next = waiting.next();
    receive('1');
    expect(await next).toMatchObject({ value: { content: '1' } });
    const last = waiting.next();

    await client.close();

    expect(await last).toEqual({ done: true, value: undefined });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it('ends at once on a closed client', async () => {
    const { client } = await online();
    await client.close();

    expect(await client.messages().next()).toEqual({ done: true, value: undefined });
  });

  it('drops messages without QoS over maxUnhandledMessages', async () => {
    const { client, transport } = await online({ maxUnhandledMessages: 1 });
    const reader = client.messages();
    for (const content of ['1', '2']) {
      transport.link.handler.received(`{"type":2,"dataContent":"${content}","from":"bob","to":"alice"}`);
    }

    expect(await reader.next()).toMatchObject({ value: { content: '1' } });
    const next = reader.next();
    await client.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

async function online(settings: ClientSettings = {}) {
  const transport = new ScriptedTransport();
  const clock = new VirtualClock();
  const client = createClient({ transport, clock, random: new SeededRandom(1).next, ...settings });
  const login = client.login({ userId: 'alice' });
  transport.link.accept();
  await login;
  const receive = (content: string): void => {
    const packet = { type: 2, dataContent: content, from: 'bob', to: 'alice', fp: `f${content}`, QoS: true };
    transport.link.handler.received(JSON.stringify(packet));
  };
  return { client, transport, clock, receive };
}

/** Fingerprints of the messages that were acknowledged on the current link. */
function acknowledged(transport: ScriptedTransport): (string | undefined)[] {
  return transport.link.packets(4).map(({ dataContent }) => dataContent);
}
