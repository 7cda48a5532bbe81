import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, silentLogger } from '@imcore/client/node';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { Victim } from './victim.js';

/** Users of one server. */
const USERS = 400;

/** How long all of them may take to be online again, in milliseconds. */
const BACK_MS = 10_000;

const WINDOW_MS = 100;

/**
 * How many may choose the same {@link WINDOW_MS} for their first attempt. Spread over 900 ms, 44 of 400 do on average. When
 * they really connect depends on the machine too: all of them are in one process.
 */
const MOST_IN_WINDOW = USERS / 4;

/** Resets the connections of all users at the same moment, as the restart of a server or a proxy does. */
export const reconnectStorm: Attack = {
  summary: 'the connections of 400 of our clients are reset at the same moment',
  async run(_options: AttackOptions): Promise<AttackOutcome> {
    const victim = await Victim.start({ exemptsLoopback: true });
    const proxy = await ResettingProxy.start(victim.ports.tcp);
    const clients = Array.from({ length: USERS }, () =>
      createClient({ url: `tcp://127.0.0.1:${proxy.port}`, logger: silentLogger }),
    );
    const chosen: number[] = [];
    for (const [index, client] of clients.entries()) {
      await client.login({ userId: `user-${index}` });
      client.on('state', ({ previous, retryAt }) => {
        if (previous === 'online' && retryAt !== undefined) chosen.push(retryAt - Date.now());
      });
    }
    const connected = proxy.resetAll();
    await until(() => connected.length >= USERS && clients.every(({ state }) => state === 'online'));
    const figures = {
      clients: USERS,
      backOnline: clients.filter(({ state }) => state === 'online').length,
      chosenMeanMs: Math.round(chosen.reduce((sum, delay) => sum + delay, 0) / chosen.length),
      mostChose100Ms: mostInWindow(chosen),
      firstConnectedMs: Math.round(Math.min(...connected)),
      lastConnectedMs: Math.round(Math.max(...connected)),
      mostConnectedIn100Ms: mostInWindow(connected),
    };
    await Promise.all(clients.map((client) => client.close()));
    proxy.close();
    await victim.stop();
    return { figures, problems: problemsOf(figures.backOnline, figures.mostChose100Ms) };
  },
};

function problemsOf(backOnline: number, mostChose: number): string[] {
  const problems: string[] = [];
  if (backOnline < USERS) {
    problems.push(`${backOnline} of ${USERS} clients were online again after ${BACK_MS} ms`);
  }
  if (mostChose > MOST_IN_WINDOW) {
    problems.push(`${mostChose} of ${USERS} chose the same 100 ms, the bound is ${MOST_IN_WINDOW}`);
  }
  return problems;
}

/** Waits for a condition, for at most {@link BACK_MS}. */
async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + BACK_MS;
  while (performance.now() < end && !condition()) await sleep(20);
}

/** The largest number of delays within one window of {@link WINDOW_MS}. */
function mostInWindow(delays: readonly number[]): number {
  const sorted = [...delays].sort((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [last, delay] of sorted.entries()) {
    while (delay - (sorted[first] ?? delay) > WINDOW_MS) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Passes TCP connections on, and resets all of them on demand. */
class ResettingProxy {
  readonly port: number;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #connected: () => void = () => {};

  private constructor(server: net.Server, targetPort: number) {
    this.#server = server;
    this.port = (server.address() as net.AddressInfo).port;
    server.on('connection', (inside) => {
      this.#connected();
      const outside = net.connect(targetPort, '127.0.0.1');
      inside.pipe(outside).pipe(inside);
      for (const socket of [inside, outside]) {
        this.#sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => this.#sockets.delete(socket));
      }
    });
  }

  static async start(targetPort: number): Promise<ResettingProxy> {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ResettingProxy(server, targetPort);
  }

  /** Resets all connections. The array gets the delay of each later connection, in milliseconds. */
  resetAll(): readonly number[] {
    const delays: number[] = [];
    const at = performance.now();
    this.#connected = () => delays.push(performance.now() - at);
    for (const socket of this.#sockets) socket.resetAndDestroy();
    return delays;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
