import { SeededRandom } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/errors.js';
import { type Bench, openBench } from '../support/bench.js';
import { ControlledStore } from '../support/controlled-store.js';
import { onlineDevice } from '../support/log-device.js';
import type { Peer } from '../support/peer-transport.js';
import { acknowledgement, message, type WirePacket } from '../support/wire.js';

const broken = new StoreError('ERR_STORE_FAILED', 'connection refused');
const FAILING = ['append', 'read', 'take', 'confirm', 'advance'] as const;

type Connected = Awaited<ReturnType<typeof onlineDevice>>;

/** A device of bob that logs in again and again, and keeps what its log has. */
class Reader {
  readonly log = new Map<number, string>();
  position = 0;
  #current: Connected | undefined;
  #seen = 0;
  readonly #bench: Bench;
  readonly #id: string;
  readonly #random: SeededRandom;

  constructor(bench: Bench, id: string, random: SeededRandom) {
    this.#bench = bench;
    this.#id = id;
    this.#random = random;
  }

  get isConnected(): boolean {
    return this.#current !== undefined && !this.#current.peer.isClosed;
  }

  async connect(): Promise<void> {
    const e = this.#current?.answer.pos.e;
    const transport = this.#random.next() < 0.3 ? 'udp' : 'tcp';
    const position = e === undefined ? undefined : { e, s: this.position };
    try {
      this.#current = await onlineDevice(this.#bench, 'bob', this.#id, {
        transport,
        ...(position && { position }),
      });
      this.#seen = 0;
      this.#current.acknowledge(this.position);
    } catch {
      // The store has failed: the client tries again.
    }
  }

  leave(): void {
    this.#current?.peer.destroy();
  }

  /** Handles what has come; acknowledges only sometimes. */
  read(): void {
    const current = this.#current;
    if (current === undefined) return;
    const { received } = current.peer;
    for (const packet of received.slice(this.#seen)) this.#take(packet);
    this.#seen = received.length;
    if (current.peer.isClosed || this.#random.next() < 0.4) return;
    if (this.#random.next() < 0.1) current.sync(this.position);
    else current.acknowledge(this.position);
  }

  #take({ type, x, dataContent = '' }: WirePacket): void {
    if (type === 1101) throw new Error(`skipped ${JSON.stringify(x)}`);
    if (type !== 2) return;
    const position = Number(x?.['s']);
    if (position > this.position + 1) throw new Error(`${position} came after ${this.position}`);
    if (position <= this.position) expect(this.log.get(position)).toBe(dataContent);
    this.log.set(position, dataContent);
    this.position = Math.max(this.position, position);
  }
}

/** The v6 client of bob, which acknowledges out of order. */
class V6Reader {
  readonly contents = new Set<string>();
  #peer: Peer | undefined;
  readonly #bench: Bench;
  readonly #random: SeededRandom;

  constructor(bench: Bench, random: SeededRandom) {
    this.#bench = bench;
    this.#random = random;
  }

  get isConnected(): boolean {
    return this.#peer !== undefined && !this.#peer.isClosed;
  }

  async connect(): Promise<void> {
    try {
      this.#peer = await this.#bench.online('bob');
    } catch {
      // A listener has kicked it out.
    }
  }

  leave(): void {
    this.#peer?.destroy();
  }

  read(): void {
    const packets = this.#peer?.takeReceived().filter(({ type }) => type === 2) ?? [];
    for (const packet of packets.sort(() => this.#random.next() - 0.5)) {
      expect(packet).not.toHaveProperty('x');
      if (this.#random.next() < 0.2 || !this.isConnected) continue;
      this.contents.add(packet.dataContent ?? '');
      this.#peer?.write(acknowledgement('bob', 'alice', packet.fp ?? ''));
    }
  }
}

async function run(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const store = new ControlledStore();
  const bench = await openBench({ store, storeTimeoutMs: 1000 });
  const kick = (): void => {
    if (random.next() < 0.02) bench.server.kick('bob');
  };
  for (const name of ['received', 'delivered', 'stored', 'sessionStarted', 'sessionEnded', 'online'] as const)
    bench.server.on(name, kick);
  const readers = [new Reader(bench, 'laptop', random), new Reader(bench, 'tablet', random)];
  for (const reader of readers) await reader.connect();
  const all = [...readers, new V6Reader(bench, random)];
  const written = new Map<string, string>();
  let alice = await bench.online('alice');
  for (let step = 0; step < 300; step += 1) {
    if (alice.isClosed) alice = await bench.online('alice');
    for (let n = Math.floor(random.next() * 4); n > 0; n -= 1) {
      const content = `${seed}-${step}-${n}`;
      written.set(content, content);
      alice.write(message('alice', 'bob', content, content));
    }
    const kind = FAILING[Math.floor(random.next() * FAILING.length)] ?? 'read';
    const what = random.next();
    if (what < 0.1) store.failures[kind] = broken;
    else if (what < 0.15) {
      store.release(kind);
      store.hold(kind);
    } else if (what < 0.4)
      for (const each of FAILING) {
        store.failures[each] = undefined;
        store.release(each);
      }
    for (const reader of all) {
      reader.read();
      if (!reader.isConnected) {
        if (random.next() < 0.3) await reader.connect();
      } else if (random.next() < 0.05) reader.leave();
    }
    await bench.advance(Math.floor(random.next() * 400));
  }
  for (const each of FAILING) {
    store.failures[each] = undefined;
    store.release(each);
  }
  bench.server.off('received', kick);
  for (const name of ['delivered', 'stored', 'sessionStarted', 'sessionEnded', 'online'] as const)
    bench.server.off(name, kick);
  // What was not acknowledged is written again by its sender.
  for (let round = 0; round < 60; round += 1) {
    if (alice.isClosed) alice = await bench.online('alice');
    if (round < 3)
      for (const content of written.keys()) alice.write(message('alice', 'bob', content, content));
    for (const reader of all) {
      if (!reader.isConnected) await reader.connect();
      reader.read();
    }
    await bench.advance(1500);
  }
  const expected = [...written.keys()].sort();
  for (const { log, position } of readers) {
    expect([...log.values()].sort()).toEqual(expected);
    expect(position).toBe(written.size);
  }
  expect([...(all[2] as V6Reader).contents].sort()).toEqual(expected);
  alice.destroy();
  for (const reader of all) reader.leave();
  await bench.advance(1000);
  expect(bench.metric('bytesUnderWay')).toBe(0);
  expect(bench.server.isOnline('bob')).toBe(false);
}

describe('devices and a v6 session of one user, with a store that fails and listeners that kick', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed + 1))('get every message: seed %i', run);
});
