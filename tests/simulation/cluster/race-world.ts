import type { Link } from '@imcore/client';
import {
  encodePacket,
  type Instant,
  KickOutCode,
  loginPacket,
  PacketType,
  readKickOut,
} from '@imcore/protocol';
import { createServer, type ImServer, memoryStore, silentLogger } from '@imcore/server';
import {
  type BusConditions,
  memoryServerTransport,
  memoryTransport,
  SeededRandom,
  SimulatedBus,
  SimulatedNetwork,
  VirtualClock,
} from '@imcore/testkit';
import { peek } from '../frames.js';
import { Gate, pausableClock } from './gate.js';

/** Who logs in at two nodes at once. A client that reconnects sends the time of its first login. */
export const RACES = [
  'first login against first login',
  'first login against reconnect',
  'reconnect against reconnect',
  'one client that reconnects twice',
] as const;
export type Race = (typeof RACES)[number];

/** The outcome of a race. */
export interface RaceResult {
  /** How long the user had two sessions, in milliseconds; 0 if the second login was decided when it came. */
  readonly twiceMs: number;
  readonly breaches: readonly string[];
}

const NODES = ['a', 'b', 'c'] as const;
const FIRST_PORT = 1000;

/** Longest time between the two logins, in milliseconds. */
const APART_MS = 20;

/** How far the wall clocks of nodes are off, in milliseconds. */
const CLOCK_MS = 250;

/** How long nodes need to know each other, and a user to be gone, in milliseconds. */
const JOINING_MS = 2000;
const LEAVING_MS = 200;

/** How long ago the reconnecting clients first logged in, in milliseconds: the first one and the second one. */
const FIRST_LOGIN_AGO_MS = [9000, 7000] as const;

/** A v6 client, packet by packet. */
class Contender {
  kickCode: number | undefined = undefined;
  isClosed = false;
  readonly #link: Link;

  constructor(network: SimulatedNetwork, address: string, port: number, login: string) {
    const link = network.link(address);
    const later: { send(text: string): void } = { send: (text) => this.#link.send(text) };
    this.#link = memoryTransport({ link, kind: 'tcp', port }).connect({
      opened: () => later.send(login),
      received: (text) => {
        const packet = peek(text);
        if (packet?.type === PacketType.KickOut) this.kickCode = readKickOut(packet.dataContent).code;
      },
      closed: () => {
        this.isClosed = true;
      },
    });
  }

  leave(): void {
    this.#link.close();
  }
}

/** Three nodes. Each user logs in at two of them, nearly at once. */
export class RaceWorld {
  readonly #clock = new VirtualClock();
  readonly #random: SeededRandom;
  readonly #network: SimulatedNetwork;
  readonly #servers: readonly ImServer[];
  /** By user: the first login times of the sessions that have started, how many live, and since when there are two. */
  readonly #started = new Map<string, number[]>();
  readonly #live = new Map<string, number>();
  readonly #twiceSince = new Map<string, Instant>();
  readonly #twiceMs = new Map<string, number>();
  #races = 0;

  constructor(seed: number, conditions: Partial<BusConditions>) {
    const random = new SeededRandom(seed).fork('races');
    const clock = this.#clock;
    this.#random = random;
    this.#network = new SimulatedNetwork({
      clock,
      random: random.fork('network'),
      conditions: { latencyMs: [0.5, 5] },
    });
    const bus = new SimulatedBus({ clock, random: random.fork('bus'), conditions });
    const store = memoryStore({ wallTime: () => clock.wallTime() });
    this.#servers = NODES.map((name, index) => {
      const server = createServer({
        transports: [
          memoryServerTransport({ network: this.#network, transport: 'tcp', port: FIRST_PORT + index }),
        ],
        clock: pausableClock(clock, new Gate(clock), Math.floor(random.between(-CLOCK_MS, CLOCK_MS))),
        random: random.fork(`server ${name}`).next,
        logger: silentLogger,
        store: store.share(),
        cluster: bus.createMember(name),
      });
      this.#count(server);
      return server;
    });
  }

  async start(): Promise<void> {
    for (const server of this.#servers) await server.listen();
    await this.#clock.advanceAsync(JOINING_MS);
  }

  async close(): Promise<void> {
    const closed = this.#servers.map((server) => server.close({ drainMs: 0 }));
    await this.#clock.advanceAsync(LEAVING_MS, 50);
    await Promise.all(closed);
  }

  /** Two logins of a new user. Checks `boundMs` after the second one that one session is left, and that it is the right one. */
  async run(race: Race, boundMs: number): Promise<RaceResult> {
    this.#races += 1;
    const userId = `user-${this.#races}`;
    const [one, other] = this.#twoPorts();
    const [sentFirst, sentSecond] = this.#sentTimes(race);
    const first = this.#logIn(userId, 1, one, sentFirst);
    await this.#clock.advanceAsync(this.#random.between(0, APART_MS));
    const second = this.#logIn(userId, 2, other, sentSecond);
    await this.#clock.advanceAsync(boundMs);
    const breaches = this.#check(userId, race, [first, second]);
    const twiceMs = this.#twiceMs.get(userId) ?? 0;
    for (const contender of [first, second]) contender.leave();
    await this.#clock.advanceAsync(LEAVING_MS);
    return { twiceMs, breaches };
  }

  #check(userId: string, race: Race, contenders: readonly Contender[]): string[] {
    const sessions = this.#servers.flatMap((server) => server.sessions(userId));
    const left = sessions.map(({ firstLoginTime }) => firstLoginTime);
    const winner = Math.max(...(this.#started.get(userId) ?? []));
    const breaches: string[] = [];
    const report = (what: string) => breaches.push(`${race}, ${userId}: ${what}`);
    if (left.length !== 1) report(`has ${left.length} sessions`);
    else if (left[0] !== winner) report(`has the session ${left[0]}, should have ${winner}`);
    const open = contenders.filter(({ isClosed }) => !isClosed);
    if (open.length !== 1) report(`${open.length} of its clients are connected`);
    for (const { kickCode } of open)
      if (kickCode !== undefined) report(`the winner was kicked with ${kickCode}`);
    const expected = race === 'one client that reconnects twice' ? undefined : KickOutCode.DuplicateLogin;
    for (const { isClosed, kickCode } of contenders)
      if (isClosed && kickCode !== expected) report(`the loser was kicked with ${kickCode}, not ${expected}`);
    return breaches;
  }

  #logIn(userId: string, number: number, port: number, firstLoginTime: number): Contender {
    const login = encodePacket(loginPacket({ userId, token: 'token', extra: undefined, firstLoginTime }));
    // Each has an address of its own: limits per address do not apply.
    const address = `10.${number}.${this.#races >> 8}.${this.#races & 255}`;
    return new Contender(this.#network, address, port, login);
  }

  /** The `firstLoginTime`s that the two clients send. */
  #sentTimes(race: Race): readonly [number, number] {
    const [older, newer] = FIRST_LOGIN_AGO_MS.map((ms) => this.#clock.wallTime() - ms);
    const times = [older ?? 0, newer ?? 0] as const;
    const inOrder = this.#random.chance(0.5);
    const either = (pair: readonly [number, number]): readonly [number, number] =>
      inOrder ? pair : [pair[1], pair[0]];
    switch (race) {
      case 'first login against first login':
        return [0, 0];
      case 'first login against reconnect':
        return either([0, times[0]]);
      case 'reconnect against reconnect':
        return either(times);
      case 'one client that reconnects twice':
        return [times[0], times[0]];
      default:
        return race satisfies never;
    }
  }

  #twoPorts(): readonly [number, number] {
    const one = this.#random.int(0, NODES.length - 1);
    const other = (one + this.#random.int(1, NODES.length - 1)) % NODES.length;
    return [FIRST_PORT + one, FIRST_PORT + other];
  }

  #count(server: ImServer): void {
    server.on('sessionStarted', ({ session: { userId, firstLoginTime } }) => {
      this.#started.set(userId, [...(this.#started.get(userId) ?? []), firstLoginTime]);
      this.#changed(userId, 1);
    });
    server.on('sessionEnded', ({ session: { userId } }) => this.#changed(userId, -1));
  }

  #changed(userId: string, by: 1 | -1): void {
    const live = (this.#live.get(userId) ?? 0) + by;
    this.#live.set(userId, live);
    const now = this.#clock.now();
    if (live > 1 && by > 0) this.#twiceSince.set(userId, now);
    const since = this.#twiceSince.get(userId);
    if (live > 1 || since === undefined) return;
    this.#twiceSince.delete(userId);
    this.#twiceMs.set(userId, (this.#twiceMs.get(userId) ?? 0) + now - since);
  }
}
