import { randomUUID } from 'node:crypto';
import {
  acknowledgementPacket,
  DEFAULT_DUPLICATE_LIMITS,
  Digest,
  DuplicateWindow,
  dataPacket,
  decodeFrameBody,
  encodeEntryExtension,
  encodeFrameBody,
  loginPacket,
  TcpFrameReader,
  withExtension,
} from '@imcore/protocol';
import { createServer, memoryStore, systemClock } from '@imcore/server';
import { DeadlineQueue, type RingEntry } from '../../packages/server/dist/timers/deadline-queue.js';
import { DirectTransport } from './direct-peers.js';
import { conditions, keep } from './results.js';
import { median, short, table } from './statistics.js';

/** Times of single steps on a message's way, without sockets. `npm run bench:micro` */
const COUNT = 1024;
const fingerprints = Array.from({ length: COUNT }, () => randomUUID());
const bodies = fingerprints.map((fingerprint) =>
  encodeFrameBody(dataPacket({ from: 'alice', to: 'bob', content: 'x'.repeat(64), fingerprint })),
);
const spaced = bodies.map((body) => body.replace('{', '{ '));
const x = (serial: number) =>
  encodeEntryExtension({ position: 4712 + serial, messageId: 90211 + serial, serverTime: 1795491373569 });
const extended = bodies.map((body, serial) => withExtension(body, x(serial)));
const packets = bodies.map((body) => decodeFrameBody(body));
const acknowledgements = packets.map((packet) => encodeFrameBody(acknowledgementPacket(packet)));
const stream = Buffer.concat(
  bodies.map((body) => {
    const frame = Buffer.alloc(4 + body.length);
    frame.writeUInt32BE(body.length);
    frame.write(body, 4, 'latin1');
    return frame;
  }),
);

/** Holds results, so that no step can be left out as useless. */
const sink: { last: unknown } = { last: undefined };
let turn = 0;
/** The next of the prepared things, so that no run sees the same one again and again. */
function next<T>(things: readonly T[]): T {
  turn = (turn + 1) % COUNT;
  return things[turn] as T;
}

const transport = new DirectTransport();
const server = createServer({
  transports: [transport],
  store: memoryStore(),
  limits: { packetsPerSecond: 1_000_000_000 },
});
await server.listen();
const [alice, bob] = ['alice', 'bob'].map((userId) => {
  const peer = transport.attach();
  const login = { userId, token: '', extra: undefined, firstLoginTime: 0 };
  peer.receive(encodeFrameBody(loginPacket(login)));
  return peer;
});
await new Promise((resolve) => setTimeout(resolve, 50));
let serial = 0;

const deadlines = new DeadlineQueue(systemClock);
const ring = deadlines.ring(3_600_000, () => {});
const waits = fingerprints.map((): RingEntry => {
  return { dueAt: 0, ring: undefined, previousInRing: undefined, nextInRing: undefined };
});
for (const wait of waits) ring.start(wait, 0);

const window = new DuplicateWindow(0, DEFAULT_DUPLICATE_LIMITS, new Digest());
const reader = new TcpFrameReader<Buffer>(6144, Buffer.allocUnsafe);
let frames = 0;

const steps: Readonly<Record<string, () => unknown>> = {
  'decode a canonical frame': () => decodeFrameBody(next(bodies)),
  'decode a canonical frame with x': () => decodeFrameBody(next(extended), 'keep'),
  'decode a frame with spaces': () => decodeFrameBody(next(spaced)),
  'yardstick: JSON.parse of it': () => JSON.parse(next(bodies)),
  'encode a packet': () => encodeFrameBody(next(packets)),
  'add x to a frame body, in bytes': () => Buffer.from(withExtension(next(bodies), x(turn)), 'latin1'),
  'yardstick: the frame body in bytes': () => Buffer.from(next(bodies), 'latin1'),
  'yardstick: JSON.stringify of it': () => JSON.stringify(next(packets)),
  [`cut ${COUNT} frames from a stream`]: () => {
    reader.push(stream, (bytes, start, end) => {
      frames += bytes.toString('latin1', start, end).length;
      return true;
    });
  },
  'duplicate window: begin and finish': () => {
    const fingerprint = next(fingerprints) + (serial++).toString();
    const key = window.begin(fingerprint, 'bob', 1, 256);
    if (typeof key === 'object') window.finish(key, 0);
  },
  'deadline queue: start a wait anew': () => ring.start(next(waits), 0),
  'deadline queue: end a wait and start it': () => {
    const wait = next(waits);
    ring.stop(wait);
    ring.start(wait, 0);
  },
  'one message through the server, sender to receiver and back': () => {
    serial += 1;
    const fingerprint = `message-${serial}`;
    const message = `{"bridge":false,"type":2,"dataContent":"hello","from":"alice","to":"bob","fp":"${fingerprint}","QoS":true,"typeu":-1,"sm":-1}`;
    const answer = `{"bridge":false,"type":4,"dataContent":"${fingerprint}","from":"bob","to":"alice","QoS":false,"typeu":-1,"sm":-1}`;
    alice?.receive(message);
    bob?.receive(answer);
  },
  'one repeated message, acknowledged again': () => {
    alice?.receive(next(bodies));
    bob?.receive(next(acknowledgements));
  },
};
const rows = Object.entries(steps).map(([name, step]) => ({ name, nanoseconds: time(step) }));

if (alice?.sent === 0 || bob?.sent === 0 || frames === 0)
  throw new Error('nothing came through: this measured nothing');
console.log(`${Object.values(conditions()).join(', ')}\n`);
const lines = rows.map(({ name, nanoseconds }) => [name, short(nanoseconds), short(1e9 / nanoseconds)]);
console.log(table(['step', 'ns (median)', 'a second'], lines));
console.log(`\nkept in ${keep('micro', { rows })}`);
await server.close();
deadlines.close();

/** Nanoseconds of one run: the median of batches, for the clock itself costs as much as a short step. */
function time(step: () => unknown): number {
  const batch = (runs: number): number => {
    const startedAt = performance.now();
    for (let run = 0; run < runs; run++) sink.last = step();
    return ((performance.now() - startedAt) * 1e6) / runs;
  };
  const runs = Math.max(1, Math.round(20e6 / batch(100)));
  for (let warmUp = 0; warmUp < 5; warmUp++) batch(runs);
  return median(Array.from({ length: 21 }, () => batch(runs)));
}
