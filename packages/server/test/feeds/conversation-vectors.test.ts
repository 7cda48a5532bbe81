import { readdirSync, readFileSync } from 'node:fs';
import type { TransportKind } from '@imcore/protocol';
import { wrapStore } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/store-memory/memory-store.js';
import { openBench, START_TIME } from '../support/bench.js';
import type { Peer } from '../support/peer-transport.js';

/** One line of a conversation. */
interface Line {
  readonly ms: number;
  readonly transport: 'tcp' | 'udp' | 'ws';
  readonly conn: string;
  readonly event?: 'open' | 'close';
  readonly by?: 'client' | 'server';
  readonly dir?: 'c2s' | 's2c';
  readonly body?: string;
  /** The datagram does not arrive. */
  readonly lost?: true;
}

interface Conversation {
  readonly epoch: string;
  readonly startedAt: number;
  readonly frames: readonly Line[];
}

const FOLDER = new URL('../../../../docs/protocol/vectors/', import.meta.url);
const names = readdirSync(FOLDER).filter((name) => name.startsWith('x-conversation-'));
const KINDS = { tcp: 'tcp', udp: 'udp', ws: 'websocket' } as const satisfies Record<string, TransportKind>;
const HISTORY_MS = 60_000;

/** What the server does: what a connection gets, in order, and its end. */
type Act = readonly [conn: string, what: string];

const actOf = ({ conn, body, event }: Line): Act => [conn, body ?? `${event}`];
const isOfServer = ({ dir, event, by }: Line): boolean =>
  dir === 's2c' || (event === 'close' && by === 'server');

/** Plays what the clients do, and returns after each step what the server has done, with what it should have done. */
async function play({ epoch, frames }: Conversation): Promise<{ seen: Act[][]; expected: Act[][] }> {
  const memory = memoryStore({ historyMs: HISTORY_MS, wallTime: () => START_TIME });
  const store = wrapStore(memory, (_, work) => work(), { epoch: () => Promise.resolve(epoch) });
  // One number for all random ones, so that keys and fingerprints are those of the vectors.
  const bench = await openBench({ store, random: () => 0.25 });
  const peers = new Map<string, Peer>();
  const ended = new Set<string>();
  const seen: Act[][] = [];
  const expected: Act[][] = [];
  let now = 0;
  const collect = (): Act[] =>
    [...peers].flatMap(([conn, peer]): Act[] => {
      const acts = peer.frames.splice(0).map((body): Act => [conn, Buffer.from(body, 'latin1').toString()]);
      if (peer.transport === 'udp' || !peer.isClosed || ended.has(conn)) return acts;
      ended.add(conn);
      return [...acts, [conn, 'close']];
    });

  for (const [index, line] of frames.entries()) {
    if (isOfServer(line)) continue;
    await bench.advance(line.ms - now);
    now = line.ms;
    if (line.event === 'open') peers.set(line.conn, bench.connect(KINDS[line.transport]));
    const peer = peers.get(line.conn);
    if (line.event === 'close') {
      ended.add(line.conn);
      peer?.leave();
    }
    if (line.dir === 'c2s' && line.lost !== true) peer?.write(line.body ?? '');
    await bench.settle();
    seen.push(collect());
    const rest = frames.slice(index + 1);
    const next = rest.findIndex((each) => !isOfServer(each));
    expected.push(rest.slice(0, next < 0 ? rest.length : next).map(actOf));
  }
  return { seen, expected };
}

/** By connection: the order between connections is not fixed. */
const sorted = (acts: readonly Act[]): Act[] => [...acts].sort(([one], [other]) => one.localeCompare(other));

describe.each(names)('%s', (name) => {
  it('is what the server does, byte for byte', async () => {
    const conversation = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Conversation;
    expect(conversation.startedAt).toBe(START_TIME);
    const { seen, expected } = await play(conversation);
    expect(seen.map(sorted)).toEqual(expected.map(sorted));
  });
});

it('there are conversations with the extension', () => {
  expect(names).toHaveLength(4);
});
