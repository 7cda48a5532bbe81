import net from 'node:net';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { Probe } from './probe.js';
import { Victim } from './victim.js';

/** Connections at a time. */
const CONNECTIONS = 100;

/** A message in the name of the probe's user, to the probe's other user. */
const BODY = JSON.stringify({
  type: 2,
  dataContent: 'forged',
  from: 'probe-alice',
  to: 'probe-bob',
  fp: 'forged',
  QoS: true,
});

/** Connects, sends messages without a login, and connects again as soon as it is disconnected. */
export const notLoggedIn: Attack = {
  summary: 'messages in the name of others, without a login, on ever new connections',
  async run({ seconds }: AttackOptions): Promise<AttackOutcome> {
    const victim = await Victim.start();
    const probe = await Probe.start(victim.ports.tcp);
    const rssBefore = victim.rssBytes();
    const until = performance.now() + seconds * 1000;
    const counts = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => sendUntil(until, victim.ports.tcp)),
    );
    const { lost, p50Ms, maxMs, sent } = await probe.stop();
    const { metrics } = await victim.state();
    const figures = {
      connections: counts.reduce((sum, count) => sum + count, 0),
      rejectedPackets: metrics['notLoggedIn'] ?? 0,
      rssGrowthBytes: victim.rssBytes() - rssBefore,
      probeMessages: sent,
      probeP50Ms: p50Ms,
      probeMaxMs: maxMs,
    };
    const problems = [
      ...(lost > 0 ? [`${lost} messages of the probe were lost`] : []),
      ...(figures.rejectedPackets === 0 ? ['no packet was rejected'] : []),
      ...(victim.isAlive ? [] : ['the server has ended']),
    ];
    await victim.stop();
    return { figures, problems };
  },
};

/** Sends on one connection after the other until an instant. Resolves with the number of connections. */
async function sendUntil(until: number, port: number): Promise<number> {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(BODY.length);
  const frame = Buffer.concat([header, Buffer.from(BODY)]);
  let count = 0;
  while (performance.now() < until) {
    count += 1;
    await new Promise<void>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.write(frame));
      socket.on('error', () => socket.destroy());
      socket.resume();
      socket.on('close', () => resolve());
    });
  }
  return count;
}
