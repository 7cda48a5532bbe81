import { SeededRandom, settlePromises, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { type ClientSettings, createClient } from '../src/index.js';
import { ScriptedTransport } from './fixtures/scripted-transport.js';

describe('messages()', () => {
  it('returns messages in order and acknowledges each when it is read', async () => {
    const { client, transport, receive } = await online();
    const reader = client.messages();

    receive('1');
    receive('2');
    expect(acknowledged(transport)).toEqual([]);
    expect(await reader.next()).toMatchObject({ done: false, value: { content: '1', from: 'bob' } });
    expect(acknowledged(transport)).toEqual(['f1']);
    await reader.next();
    expect(acknowledged(transport)).toEqual(['f1', 'f2']);
  });

  it('passes a message to a waiting reader at once', async () => {
    const { client, transport, receive } = await online();
    const next = client.messages().next();

    receive('1');

    expect(await next).toMatchObject({ value: { content: '1' } });
    expect(acknowledged(transport)).toEqual(['f1']);
  });

  it('ignores messages over maxUnhandledMessages until some are read', async () => {
    const { client, transport, receive } = await online({ maxUnhandledMessages: 2 });
    const reader = client.messages();

    for (const content of ['1', '2', '3']) receive(content);
    await reader.next();
    await reader.next();
    expect(acknowledged(transport)).toEqual(['f1', 'f2']);

    receive('3');
    expect(await reader.next()).toMatchObject({ value: { content: '3' } });
    expect(acknowledged(transport)).toEqual(['f1', 'f2', 'f3']);
  });

  it('ignores a copy of an unread message', async () => {
    const { client, transport, receive } = await online();
    const reader = client.messages();

    receive('1');
    receive('1');
    await reader.next();
    receive('1');

    expect(acknowledged(transport)).toEqual(['f1', 'f1']);
    receive('2');
    expect(await reader.next()).toMatchObject({ value: { content: '2' } });
  });

  it('passes every message to each reader, and acknowledges it after the last one', async () => {
    const { client, transport, receive } = await online();
    const [first, second] = [client.messages(), client.messages()];

    receive('1');
    await first.next();
    expect(acknowledged(transport)).toEqual([]);
    expect(await second.next()).toMatchObject({ value: { content: '1' } });
    expect(acknowledged(transport)).toEqual(['f1']);
  });

  it('ends with break; later messages are acknowledged when they arrive', async () => {
    const { client, transport, receive } = await online();
    receive('0');
    const reading = (async () => {
      for await (const { content } of client.messages()) if (content === '1') break;
    })();
    await settlePromises();
    receive('1');
    await reading;
    receive('2');

    expect(acknowledged(transport)).toEqual(['f0', 'f1', 'f2']);
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

  it('continues after a lost link: a message read meanwhile is acknowledged when its copy arrives', async () => {
    const { client, transport, clock, receive } = await online();
    const reader = client.messages();
    receive('1');
    transport.link.handler.closed();
    await reader.next();
    clock.advance(1_000);
    transport.link.accept();

    receive('1');
    receive('2');

    expect(acknowledged(transport)).toEqual(['f1']);
    expect(await reader.next()).toMatchObject({ value: { content: '2' } });
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
