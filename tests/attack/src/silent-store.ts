import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type ImClient, silentLogger, tcp } from '@imcore/client/node';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { Probe } from './probe.js';
import { Victim } from './victim.js';

/** Phones that log in again and again. */
const PHONES = 20;

/** How long a live message may take to a user who has just logged in, in milliseconds: 2 s, and what a loaded machine adds. */
const MAX_LIVE_MS = 3500;

/** How long the server may need after the store answers again, in milliseconds. */
const RECOVERED_WITHIN_MS = 15_000;

/** Wait between two messages to the user who is offline, in milliseconds. */
const EVERY_MS = 20;

/** The store answers nothing, while phones log in, a pair stays online, and somebody writes to a user who is offline. */
export const silentStore: Attack = {
  summary: 'the store does not answer, while users log in again and again',
  async run({ seconds }: AttackOptions): Promise<AttackOutcome> {
    const victim = await Victim.start({ store: 'silent', exemptsLoopback: true });
    const { tcp: port } = victim.ports;
    const probe = await Probe.start(port);
    const sender = await login('sender', port);
    victim.send('silence');
    const until = performance.now() + Math.max(5, seconds) * 1000;
    const acknowledged = { count: 0 };
    const writing = writeToOffline(sender, until, acknowledged);
    const latencies = await Promise.all(
      Array.from({ length: PHONES }, (_, i) => phone(`phone-${i}`, port, until)),
    );
    await writing;
    const whileSilent = acknowledged.count;
    victim.send('answer');
    const since = performance.now();
    const recovered = await sender.send({ to: 'offline', content: 'after' }).then(
      () => true,
      () => false,
    );
    const recoveredMs = performance.now() - since;
    const { lost, maxMs, sent, disconnects } = await probe.stop();
    const { metrics } = await victim.state();
    await sender.close();
    await victim.stop();
    const live = latencies.flat();
    const figures = {
      logins: live.length,
      maxLiveMs: Math.max(0, ...live),
      whileSilent,
      recoveredMs,
      replaysDelayed: metrics['replaysDelayed'] ?? 0,
      storeTimeouts: metrics['storeTimeouts'] ?? 0,
      ...{ probeMessages: sent, probeMaxMs: maxMs, disconnects },
    };
    const problems = [
      ...(figures.maxLiveMs > MAX_LIVE_MS
        ? [`a live message took ${Math.round(figures.maxLiveMs)} ms, allowed are ${MAX_LIVE_MS}`]
        : []),
      ...(live.length < PHONES ? [`only ${live.length} of ${PHONES} phones got a message`] : []),
      ...(whileSilent > 0 ? [`${whileSilent} messages were acknowledged and not stored`] : []),
      ...(recovered && recoveredMs <= RECOVERED_WITHIN_MS ? [] : ['the server did not recover']),
      ...(lost > 0 ? [`${lost} messages of the probe were lost`] : []),
      ...(disconnects > 0 ? [`users who were online lost the link ${disconnects} times`] : []),
    ];
    return { figures, problems };
  },
};

/** Logs in, waits for a message that it sends to itself, and logs out, again and again. Resolves with the latencies. */
async function phone(userId: string, port: number, until: number): Promise<readonly number[]> {
  const latencies: number[] = [];
  while (performance.now() < until) {
    const client = await login(userId, port);
    const since = performance.now();
    const arrived = new Promise<void>((resolve) => client.on('message', () => resolve()));
    client.send({ to: userId, content: 'live' }).catch(() => {});
    await Promise.race([arrived, sleep(2 * MAX_LIVE_MS)]);
    latencies.push(performance.now() - since);
    await client.close();
  }
  return latencies;
}

async function writeToOffline(
  sender: ImClient,
  until: number,
  acknowledged: { count: number },
): Promise<void> {
  for (let count = 0; performance.now() < until; count++) {
    sender.send({ to: 'offline', content: `${count}` }).then(
      () => {
        acknowledged.count += 1;
      },
      () => {},
    );
    await sleep(EVERY_MS);
  }
}

async function login(userId: string, port: number): Promise<ImClient> {
  const client = createClient({ transport: tcp({ host: '127.0.0.1', port }), logger: silentLogger });
  await client.login({ userId });
  return client;
}
