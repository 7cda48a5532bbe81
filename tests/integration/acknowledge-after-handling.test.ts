import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@imcore/client/node';
import { createServer, type ImServer, memoryStore, tcp } from '@imcore/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReceiverProcess, type Receiving } from './receiver-process.js';

const COUNT = 20;
const KILLED_AT = 6;

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('a program that is killed while it handles the sixth of 20 messages', () => {
  let server: ImServer;
  let url: string;
  let folder: string;
  const running: ReceiverProcess[] = [];

  beforeEach(async () => {
    server = createServer({ transports: [tcp({ host: '127.0.0.1', port: 0 })], store: memoryStore() });
    const [address] = await server.listen();
    url = `tcp://127.0.0.1:${address?.port}`;
    folder = await mkdtemp(join(tmpdir(), 'imcore-receiver-'));
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((receiver) => receiver.kill()));
    await server.close();
    await rm(folder, { recursive: true });
  });

  it.each<[Receiving, boolean]>([
    ['listener', false],
    ['listener', true],
    ['messages', false],
    ['messages', true],
    ['manual', false],
    ['manual', true],
  ])('gets it and all later ones after its restart: %s, with an outbox: %s', async (how, hasOutbox) => {
    const outbox = hasOutbox ? folder : undefined;
    const start = (hangsFrom?: number): ReceiverProcess => {
      const receiver = new ReceiverProcess(how, url, outbox, hangsFrom);
      running.push(receiver);
      return receiver;
    };
    const alice = createClient({ url });
    await alice.login({ userId: 'alice' });
    for (const number of numbers(1, COUNT)) await alice.send({ to: 'bob', content: String(number) });
    await alice.close();

    const first = start(KILLED_AT);
    await first.until(() => first.begun.includes(KILLED_AT) && first.handled.length === KILLED_AT - 1);
    await running.pop()?.kill();
    expect(first.handled).toEqual(numbers(1, KILLED_AT - 1));

    const second = start();
    const later = numbers(KILLED_AT, COUNT);
    await second.until(() => later.every((number) => second.handled.includes(number)));
  });
});
