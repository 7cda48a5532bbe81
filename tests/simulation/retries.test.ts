import type { Transport } from '@imcore/client';
import { CLIENT_RETRY, type Instant, SERVER_ID, SERVER_RETRY } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import type { Device } from './device.js';
import { acknowledgedFingerprint, dataFingerprint, peek } from './frames.js';
import { keyOf } from './journal.js';
import type { Plan } from './plan.js';
import { World } from './world.js';
import { wrapTransport } from './wrapped-transport.js';

/**
 * What the invariant "received at most once" does not show: that each copy is acknowledged again, and that there are
 * exactly as many copies as the policy allows.
 */
const ALICE = { name: 'alice/1', userId: 'alice', kind: 'udp', address: '10.0.0.1' } as const;
const BOB = { name: 'bob/1', userId: 'bob', kind: 'udp', address: '10.0.0.2' } as const;
const FINGERPRINT = 'fp-1';

const PLAN: Plan = {
  seed: 1,
  profile: 'chaos',
  store: 'none',
  trouble: undefined,
  retention: {},
  crashes: [],
  devices: [ALICE, BOB],
  users: ['alice', 'bob'],
  streamSenseMode: 5,
  conditions: { latencyMs: [0, 0] },
  hookDelayMs: 0,
  handlingFails: 0,
  handlingMs: 0,
  takesUndeliverable: undefined,
  durationMs: 0,
};

/** When data and acknowledgements were written to a device's link or came from it, lost ones included. */
interface Passed {
  readonly dataOut: Instant[];
  readonly dataIn: Instant[];
  readonly acknowledgementsOut: Instant[];
  readonly acknowledgementsIn: Instant[];
}

type Losses = Partial<Record<keyof Passed, (number: number) => boolean>>;

/** Two devices that are online, on links that lose what the test says. Recorded instants count from here. */
async function bench(losses: { readonly alice?: Losses; readonly bob?: Losses }) {
  const passed = { alice: noPassage(), bob: noPassage() };
  const startedAt = { instant: Number.POSITIVE_INFINITY };
  const now = () => world.clock.now() - startedAt.instant;
  const world: World = new World(PLAN, {
    transport: (transport, name) =>
      name === ALICE.name
        ? lossy(transport, passed.alice, losses.alice ?? {}, now)
        : lossy(transport, passed.bob, losses.bob ?? {}, now),
  });
  await world.listen();
  const [alice, bob] = world.devices as [Device, Device];
  alice.login();
  bob.login();
  await world.clock.advanceAsync(1000);
  startedAt.instant = world.clock.now();
  const outcome = () => world.journal.sent.get(keyOf('alice', FINGERPRINT));
  const received = () => world.journal.received.map(({ to, fingerprint }) => `${to} ${fingerprint}`);
  return { world, alice, passed, outcome, received };
}

describe('retries', () => {
  it('make up for a lost acknowledgement of the receiver, who acknowledges each copy and passes on one', async () => {
    const { world, alice, passed, outcome, received } = await bench({
      bob: { acknowledgementsOut: (number) => number === 1 },
    });
    alice.send('bob', 'hello', { fingerprint: FINGERPRINT });
    await world.clock.advanceAsync(SERVER_RETRY.waitMs + 100);
    expect(passed.bob.dataIn).toEqual([0, SERVER_RETRY.waitMs]);
    expect(passed.bob.acknowledgementsOut).toEqual([0, SERVER_RETRY.waitMs]);
    expect(received()).toEqual([`bob/1 ${FINGERPRINT}`]);
    expect(outcome()?.acknowledgements).toBe(1);
  });

  it('make up for a lost acknowledgement of the server, who acknowledges each copy and handles one', async () => {
    const { world, alice, passed, outcome, received } = await bench({
      alice: { acknowledgementsIn: (number) => number === 1 },
    });
    alice.send(SERVER_ID, 'hello', { fingerprint: FINGERPRINT });
    await world.clock.advanceAsync(CLIENT_RETRY.waitMs + 100);
    expect(passed.alice.dataOut).toEqual([0, CLIENT_RETRY.waitMs]);
    expect(passed.alice.acknowledgementsIn).toEqual([0, CLIENT_RETRY.waitMs]);
    expect(received()).toEqual([`server ${FINGERPRINT}`]);
    expect(outcome()?.acknowledgements).toBe(1);
  });

  it('of a delivered message make the server acknowledge again, without a copy to the receiver', async () => {
    const { world, alice, passed, outcome, received } = await bench({
      alice: { acknowledgementsIn: (number) => number <= 2 },
    });
    alice.send('bob', 'hello', { fingerprint: FINGERPRINT });
    await world.clock.advanceAsync(2 * CLIENT_RETRY.waitMs + 100);
    expect(passed.alice.acknowledgementsIn).toEqual([0, CLIENT_RETRY.waitMs, 2 * CLIENT_RETRY.waitMs]);
    expect(passed.bob.dataIn).toEqual([0]);
    expect(received()).toEqual([`bob/1 ${FINGERPRINT}`]);
    expect(outcome()?.acknowledgements).toBe(1);
  });

  it('of a client are two, then it gives up', async () => {
    const { world, alice, passed, outcome } = await bench({ alice: { dataOut: () => true } });
    alice.send('bob', 'hello', { fingerprint: FINGERPRINT });
    const { waitMs, retries } = CLIENT_RETRY;
    await world.clock.advanceAsync((retries + 1) * waitMs - 1);
    expect(outcome()?.failures).toEqual([]);
    await world.clock.advanceAsync(1);
    expect(outcome()?.failures).toEqual(['ERR_NOT_ACKNOWLEDGED']);
    await world.clock.advanceAsync(10 * waitMs);
    expect(passed.alice.dataOut).toEqual([0, waitMs, 2 * waitMs]);
  });

  it('of a server without a store are one, then it gives up', async () => {
    const { world, passed } = await bench({ bob: { dataIn: () => true } });
    const { waitMs, retries } = SERVER_RETRY;
    world.sendFromServer('bob', 'hello');
    await world.clock.advanceAsync((retries + 1) * waitMs - 1);
    const [sent] = world.journal.sent.values();
    expect(sent?.failures).toEqual([]);
    await world.clock.advanceAsync(1);
    expect(sent?.failures).toEqual(['ERR_NOT_ACKNOWLEDGED']);
    await world.clock.advanceAsync(10 * waitMs);
    expect(passed.bob.dataIn).toEqual([0, waitMs]);
  });

  it('stop with the acknowledgement', async () => {
    const { world, alice, passed } = await bench({});
    alice.send('bob', 'hello', { fingerprint: FINGERPRINT });
    await world.clock.advanceAsync(60_000);
    expect([passed.alice.dataOut, passed.bob.dataIn, passed.alice.acknowledgementsIn]).toEqual([
      [0],
      [0],
      [0],
    ]);
  });
});

function noPassage(): Passed {
  return { dataOut: [], dataIn: [], acknowledgementsOut: [], acknowledgementsIn: [] };
}

function lossy(transport: Transport, passed: Passed, losses: Losses, now: () => Instant): Transport {
  const isLost = (frame: string, data: keyof Passed, acknowledgement: keyof Passed): boolean => {
    const packet = peek(frame);
    const isData = dataFingerprint(packet) !== undefined;
    if (!isData && acknowledgedFingerprint(packet) === undefined) return false;
    // At the login, a device proves its address.
    if (now() < 0) return false;
    const way = isData ? data : acknowledgement;
    passed[way].push(now());
    return losses[way]?.(passed[way].length) === true;
  };
  return wrapTransport(transport, () => ({
    send: (frame, pass) => {
      if (!isLost(frame, 'dataOut', 'acknowledgementsOut')) pass(frame);
    },
    receive: (frame, pass) => {
      if (!isLost(frame, 'dataIn', 'acknowledgementsIn')) pass(frame);
    },
  }));
}
