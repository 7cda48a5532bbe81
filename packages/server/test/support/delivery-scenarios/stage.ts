import { expect } from 'vitest';
import { type Bench, type BenchOptions, openBench, START_TIME } from '../bench.js';
import { ControlledStore } from '../controlled-store.js';
import type { Peer } from '../peer-transport.js';
import { acknowledgement, message } from '../wire.js';

/** What alice sends bob in every scenario, over and over where she has to. */
export const HELLO = message('alice', 'bob', 'hello', 'fp-1');

/** What bob acknowledges with. */
export const RECEIVED = acknowledgement('bob', 'alice', 'fp-1');

/** A row of the guide, played. */
export type Scenario = () => Promise<void>;

/** A server with a store, and alice on it. */
export async function open(options: BenchOptions & { readonly store?: ControlledStore } = {}) {
  const store = options.store ?? new ControlledStore({ wallTime: () => START_TIME });
  const bench = await openBench({ ...options, store });
  return { store, bench, alice: await bench.online('alice') };
}

/** A server without a store. */
export async function openWithoutStore(options: BenchOptions = {}) {
  const bench = await openBench(options);
  return { bench, alice: await bench.online('alice') };
}

/** The server is killed: the test looks at it no more. The next one finds the same store. */
export function killAndStart(store: ControlledStore) {
  return open({ store });
}

export function expectAcknowledged(sender: Peer, times = 1): void {
  const acknowledgements = sender.received.filter(({ type }) => type === 4);
  expect(acknowledgements.map(({ dataContent }) => dataContent)).toEqual(Array(times).fill('fp-1'));
}

export function expectSilence(peer: Peer): void {
  expect(peer.received).toEqual([]);
}

/** The fingerprints of the messages that have come, copies too. */
export function messagesTo(peer: Peer): (string | undefined)[] {
  return peer.received.filter(({ type }) => type === 2).map(({ fp }) => fp);
}

/** Bob logs in and gets what waits for him. */
export async function expectBobGets(bench: Bench, fingerprints: readonly string[]): Promise<Peer> {
  const bob = await bench.online('bob');
  expect(messagesTo(bob)).toEqual(fingerprints);
  return bob;
}
