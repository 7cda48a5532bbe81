import { once } from 'node:events';
import net from 'node:net';
import {
  DEFAULT_MAX_TCP_BODY_BYTES,
  decodeFrameBody,
  encodePacket,
  loginPacket,
  PacketType,
  readKickOut,
  TcpFrameReader,
  writeTcpHeader,
} from '@imcore/protocol';
import type { ImServer } from '@imcore/server';

/** A node in this process. */
interface RaceNode {
  readonly server: ImServer;
  readonly port: number;
}

/** Who logs in at two nodes at once, and how long ago the clients first logged in, in milliseconds; 0: only now. */
const CASES = [
  { name: 'first login against first login', ago: [0, 0] },
  { name: 'first login against reconnect', ago: [0, 9000] },
  { name: 'reconnect against reconnect', ago: [9000, 7000] },
  { name: 'one client that reconnects twice', ago: [9000, 9000] },
] as const;

/** Longest time between the two logins, in milliseconds. */
const APART_MS = 20;

/** How long two sessions may live, in milliseconds: ADR 25. */
const BOUND_MS = 100;

/** A race that is not decided after this time has failed, in milliseconds. Where the bus loses frames it takes longer than 100 ms. */
const GIVE_UP_MS = 2500;

const HOST = '127.0.0.1';
const DUPLICATE_LOGIN = 1;

/**
 * Runs so many races of each case, one after the other: two logins of a user at two nodes, in random order and up to 20 ms apart.
 * Prints how long there were two sessions, and what was wrong. Returns whether one session was always left, the right one.
 */
export async function runRaces(nodes: readonly RaceNode[], count: number, prefix: string): Promise<boolean> {
  const watch = new SessionWatch(nodes);
  let isGood = true;
  for (const { name, ago } of CASES) {
    const times: number[] = [];
    let [late, wrong] = [0, 0];
    for (let number = 0; number < count; number += 1) {
      const userId = `${prefix}-${name.replaceAll(' ', '-')}-${number}`;
      const { twiceMs, isRight } = await race(nodes, watch, userId, ago);
      if (twiceMs > 0) times.push(twiceMs);
      if (twiceMs > BOUND_MS) late += 1;
      if (!isRight) wrong += 1;
    }
    times.sort((one, other) => one - other);
    const at = (share: number) =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))]?.toFixed(1);
    console.log(
      `${name}: ${count} races, two sessions in ${times.length}, for p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms; ` +
        `above ${BOUND_MS} ms ${late}, not the right one left ${wrong}`,
    );
    if (wrong > 0) isGood = false;
  }
  return isGood;
}

async function race(
  nodes: readonly RaceNode[],
  watch: SessionWatch,
  userId: string,
  ago: readonly [number, number],
): Promise<{ readonly twiceMs: number; readonly isRight: boolean }> {
  const one = Math.floor(Math.random() * nodes.length);
  const other = (one + 1 + Math.floor(Math.random() * (nodes.length - 1))) % nodes.length;
  const now = Date.now();
  const sent = ago.map((ms) => (ms === 0 ? 0 : now - ms));
  if (Math.random() < 0.5) sent.reverse();
  const isOneClient = ago[0] === ago[1] && ago[0] > 0;
  const contenders = await Promise.all(
    [one, other].map((index) => Contender.connect(nodes[index]?.port ?? 0)),
  );
  const [first, second] = contenders;
  first?.logIn(userId, sent[0] ?? 0);
  await pause(Math.random() * APART_MS);
  second?.logIn(userId, sent[1] ?? 0);
  const deadline = performance.now() + GIVE_UP_MS;
  const isDecided = () =>
    watch.live(userId) === 1 && contenders.filter(({ isClosed }) => isClosed).length === 1;
  while (!isDecided() && performance.now() < deadline) await pause(1);
  // Nothing may happen after the decision.
  await pause(5);
  const left = nodes
    .flatMap(({ server }) => server.sessions(userId))
    .map(({ firstLoginTime }) => firstLoginTime);
  const expected = isOneClient ? undefined : DUPLICATE_LOGIN;
  const isRight =
    left.length === 1 &&
    left[0] === watch.latest(userId) &&
    contenders.filter(({ isClosed }) => isClosed).length === 1 &&
    contenders.every(({ isClosed, kickCode }) => kickCode === (isClosed ? expected : undefined));
  for (const contender of contenders) contender.close();
  while (watch.live(userId) > 0 && performance.now() < deadline) await pause(1);
  return { twiceMs: watch.twiceMs(userId), isRight };
}

/** Watches sessions start and end at all nodes. */
class SessionWatch {
  readonly #users = new Map<string, { live: number; latest: number; since: number; twiceMs: number }>();

  constructor(nodes: readonly RaceNode[]) {
    for (const { server } of nodes) {
      server.on('sessionStarted', ({ session: { userId, firstLoginTime } }) => {
        const user = this.#of(userId);
        user.latest = Math.max(user.latest, firstLoginTime);
        user.live += 1;
        if (user.live === 2) user.since = performance.now();
      });
      server.on('sessionEnded', ({ session: { userId } }) => {
        const user = this.#of(userId);
        if (user.live === 2) user.twiceMs += performance.now() - user.since;
        user.live -= 1;
      });
    }
  }

  /** Number of sessions. */
  live(userId: string): number {
    return this.#of(userId).live;
  }

  /** The latest time of a first login among the sessions that have started. */
  latest(userId: string): number {
    return this.#of(userId).latest;
  }

  /** How long there were two sessions, in milliseconds. */
  twiceMs(userId: string): number {
    const { live, since, twiceMs } = this.#of(userId);
    return live > 1 ? performance.now() - since : twiceMs;
  }

  #of(userId: string): { live: number; latest: number; since: number; twiceMs: number } {
    const known = this.#users.get(userId);
    if (known !== undefined) return known;
    const user = { live: 0, latest: 0, since: 0, twiceMs: 0 };
    this.#users.set(userId, user);
    return user;
  }
}

/** A v6 client, packet by packet. */
class Contender {
  kickCode: number | undefined = undefined;
  isClosed = false;
  readonly #socket: net.Socket;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    const reader = new TcpFrameReader<Buffer>(DEFAULT_MAX_TCP_BODY_BYTES, Buffer.allocUnsafe);
    socket.on('data', (chunk) =>
      reader.push(chunk, (bytes, start, end) => {
        const packet = decodeFrameBody(bytes.toString('latin1', start, end));
        if (packet.type === PacketType.KickOut) this.kickCode = readKickOut(packet.dataContent).code;
        return true;
      }),
    );
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async connect(port: number): Promise<Contender> {
    const socket = net.connect({ host: HOST, port, noDelay: true });
    await once(socket, 'connect');
    return new Contender(socket);
  }

  logIn(userId: string, firstLoginTime: number): void {
    const body = Buffer.from(
      encodePacket(loginPacket({ userId, token: 'token', extra: undefined, firstLoginTime })),
    );
    const header = Buffer.alloc(4);
    writeTcpHeader(header, 0, body.length);
    this.#socket.write(Buffer.concat([header, body]));
  }

  close(): void {
    this.#socket.destroy();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
