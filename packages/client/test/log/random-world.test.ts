import type { TransportKind } from '@imcore/protocol';
import { type MemoryOutbox, memoryOutbox, SeededRandom } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import type { ClientSettings } from '../../src/index.js';
import { type TestDevice, World } from './world.js';

const KINDS = ['udp', 'tcp', 'websocket'] as const;
const USERS = ['alice', 'bob', 'carol'] as const;
const CALM = { loss: 0, duplication: 0, latencyMs: [1, 20] } as const;
const ROUGH = { loss: 0.25, duplication: 0.1, latencyMs: [5, 120] } as const;

/** How long a run is troubled, and how long it has to come to rest, in milliseconds. */
const TROUBLED_MS = 60_000;
const REST_MS = 120_000;

interface Handed {
  readonly position: number;
  readonly id: number;
  readonly conversation: string;
  /** Number of the program that was handed it. */
  readonly run: number;
}

/** One device of a user: its programs, one after the other, each on another transport, with one disk. */
class RoamingDevice {
  readonly userId: string;
  readonly disk: MemoryOutbox;
  readonly handed: Handed[] = [];
  readonly problems: string[] = [];
  readonly #world: World;
  readonly #random: SeededRandom;
  #current: TestDevice;
  #run = 0;
  /** The newest position that the current program was given, and those that it has failed to handle. */
  #newest = 0;
  #failed = new Set<number>();

  constructor(world: World, userId: string, random: SeededRandom) {
    this.#world = world;
    this.userId = userId;
    this.#random = random;
    const delay = (): Promise<void> =>
      new Promise((resolve) => {
        world.clock.schedule(world.clock.now() + random.between(0, 10), resolve);
      });
    this.disk = memoryOutbox({ delay });
    this.#current = this.#start();
  }

  get current(): TestDevice {
    return this.#current;
  }

  /** Something happens to it. */
  happens(): void {
    const { link, client } = this.#current;
    const chance = this.#random.next();
    if (chance < 0.1) this.#crash();
    else if (chance < 0.2) void this.#change();
    else if (chance < 0.3) link.cut();
    else if (chance < 0.4) link.setConditions(ROUGH);
    else if (chance < 0.5) link.setConditions(CALM);
    else if (chance < 0.55) link.freeze();
    else if (chance < 0.9) {
      const to = this.#random.pick(USERS);
      client.send({ to, content: `from ${this.userId}` }).catch(() => {});
    }
  }

  /** The end of a run's troubles. */
  calm(): void {
    this.#current.link.setConditions(CALM);
    this.#login();
  }

  #start(): TestDevice {
    this.#run += 1;
    this.#newest = 0;
    this.#failed = new Set();
    const run = this.#run;
    const kind: TransportKind = this.#random.pick(KINDS);
    const settings: ClientSettings = { retry: { retries: 20 }, keepAlive: { minMs: 1000 } };
    const device = this.#world.device({ kind, disk: this.disk, settings });
    device.client.on('message', (message) => this.#handle(message, run));
    device.client.on('gap', (gap) => this.problems.push(`gap ${JSON.stringify(gap)}`));
    device.client.on('error', (error) => {
      const isExpected = error.message === 'the application failed' || error.name === 'ServerError';
      if (!isExpected) this.problems.push(error.message);
    });
    this.#current = device;
    this.#login();
    return device;
  }

  /** Fails at times, and takes its time at others. */
  #handle(
    { position, id, conversation }: TestDevice['messages'][number],
    run: number,
  ): Promise<void> | undefined {
    if (run !== this.#run) return undefined;
    if (position === undefined || id === undefined || conversation === undefined) {
      this.problems.push('a message without a position');
      return undefined;
    }
    // What the application has failed to handle comes again, after later ones.
    if (position > this.#newest) this.#newest = position;
    else if (!this.#failed.delete(position)) this.problems.push(`position ${position} after ${this.#newest}`);
    if (this.#random.chance(0.05)) {
      this.#failed.add(position);
      throw new Error('the application failed');
    }
    const done = (): void => void this.handed.push({ position, id, conversation, run });
    if (!this.#random.chance(0.1)) return void done();
    const { clock } = this.#world;
    return new Promise((resolve) => {
      clock.schedule(clock.now() + this.#random.between(1, 2000), () => {
        if (run === this.#run) done();
        resolve();
      });
    });
  }

  #login(): void {
    const { client } = this.#current;
    if (client.state === 'idle') client.login({ userId: this.userId }).catch(() => this.#loginLater());
  }

  #loginLater(): void {
    const { clock } = this.#world;
    clock.schedule(clock.now() + 1000, () => this.#login());
  }

  /** The program ends without a word, and another one takes its place. */
  #crash(): void {
    this.#current.link.freeze();
    this.disk.crash();
    void this.#current.client.close();
    this.#start();
  }

  /** The program is closed, and another one continues over another transport. */
  async #change(): Promise<void> {
    const { client } = this.#current;
    if (client.state === 'closed') return;
    const run = this.#run;
    await client.close();
    if (run === this.#run) this.#start();
  }
}

/** Returns what is wrong at the end of a run. */
async function runSeed(seed: number): Promise<string[]> {
  const random = new SeededRandom(seed);
  const world = await World.open({ seed, conditions: CALM });
  const devices = USERS.flatMap((userId) =>
    [0, 1, 2].map((i) => new RoamingDevice(world, userId, random.fork(`${userId} ${i}`))),
  );
  const old = await world.online('bob', { disk: null });
  for (let at = 0; at < TROUBLED_MS; at += 100) {
    random.pick(devices).happens();
    if (random.chance(0.2)) old.client.send({ to: random.pick(USERS), content: 'from v6' }).catch(() => {});
    await world.run(100);
  }
  for (const device of devices) device.calm();
  await world.run(REST_MS);

  const breaches: string[] = [];
  for (const device of devices) {
    const { userId, handed, problems } = device;
    const note = (text: string): void => void breaches.push(`seed ${seed}, ${userId}: ${text}`);
    for (const problem of problems) note(problem);
    if (device.current.client.state !== 'online') note(`is ${device.current.client.state}`);
    // One program is handed nothing twice.
    const seen = new Set<string>();
    for (const { position, run } of handed) {
      if (seen.has(`${run} ${position}`)) note(`position ${position} twice in run ${run}`);
      seen.add(`${run} ${position}`);
    }
    // What its log has is what it was handed, but for what it has sent itself.
    const positions = new Set(handed.map(({ position }) => position));
    const page = await world.store?.read(userId, 0, 10_000);
    for (const { position, kind, from } of page?.entries ?? [])
      if (kind === 'message' && from !== userId && !positions.has(position))
        note(`lacks the message at ${position} of ${page?.last}`);
    const stored = Number(
      device.disk
        .entries(`device:${userId}`)
        .find(({ key }) => key === 'position')
        ?.value.split(' ')[0],
    );
    if (stored !== page?.last) note(`has stored position ${stored} of ${page?.last}`);
  }
  return breaches;
}

describe('devices that crash, change their transports and lose datagrams', () => {
  const count = Number(process.env['SEEDS'] ?? 4);
  const first = Number(process.env['SEED'] ?? 1);
  it.each(Array.from({ length: count }, (_, i) => first + i))(
    'are handed every message of their logs, each program once, with seed %i',
    async (seed) => {
      expect(await runSeed(seed)).toEqual([]);
    },
    60_000,
  );
});
