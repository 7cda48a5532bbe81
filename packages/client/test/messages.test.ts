import { SeededRandom, settlePromises, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { type ClientSettings, createClient } from '../src/index.js';
import { ScriptedTransport } from './fixtures/scripted-transport.js';

describe('messages()', () => {
  it('gives messages in order, each acknowledged when it is taken', async () => {
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

  it('gives a message at once to whoever waits for one', async () => {
    const { client, transport, receive } = await online();
    const next = client.messages().next();

    receive('1');

    expect(await next).toMatchObject({ value: { content: '1' } });
    expect(acknowledged(transport)).toEqual(['f1']);
  });

  it('neither takes nor acknowledges more than so many, until some are taken', async () => {
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

  it('takes a copy of what waits for nothing new', async () => {
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

  it('gives every message to each of several readers, and acknowledges it after the last', async () => {
    const { client, transport, receive } = await online();
    const [first, second] = [client.messages(), client.messages()];

    receive('1');
    await first.next();
    expect(acknowledged(transport)).toEqual([]);
    expect(await second.next()).toMatchObject({ value: { content: '1' } });
    expect(acknowledged(transport)).toEqual(['f1']);
  });

  it('ends with a break, and from then on messages are acknowledged as they come', async () => {
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

  it('leaves what nobody has read to its next copy', async () => {
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

  it('acknowledges what a listener was given, though the reader leaves', async () => {
    const { client, transport, receive } = await online();
    client.on('message', () => {});
    const reader = client.messages();
    receive('1');

    await reader.return?.();

    expect(acknowledged(transport)).toEqual(['f1']);
  });

  it('goes on over a lost link: what is taken meanwhile is acknowledged when its copy comes', async () => {
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

  it('ends with the client, after what it has', async () => {
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

  it('ends at once on a client that is closed', async () => {
    const { client } = await online();
    await client.close();

    expect(await client.messages().next()).toEqual({ done: true, value: undefined });
  });

  it('drops messages without QoS beyond its bound, for nobody sends them again', async () => {
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

/** Fingerprints of what was acknowledged on the present link. */
function acknowledged(transport: ScriptedTransport): (string | undefined)[] {
  return transport.link.packets(4).map(({ dataContent }) => dataContent);
}
