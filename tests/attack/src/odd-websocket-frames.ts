import net from 'node:net';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { Probe } from './probe.js';
import { Victim } from './victim.js';

const CONNECTIONS = 50;
const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Growth of the server's memory that is no problem: what Node keeps for connections, and its own fluctuation. */
const MAX_GROWTH_BYTES = 200 * 1024 * 1024;

const REQUEST = [
  'GET /websocket HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n');

/** A fragment of one byte, and a ping of 125. The mask is zero. */
const FRAGMENTS = Buffer.from(`0081${'00'.repeat(4)}61`.repeat(10_000), 'hex');
const FIRST_FRAGMENT = Buffer.from(`0181${'00'.repeat(4)}61`, 'hex');
const PINGS = Buffer.from(`89fd${'00'.repeat(129)}`.repeat(1000), 'hex');

/** Sends messages in one-byte fragments, and pings whose pongs it does not read, on ever new connections without a login. */
export const oddWebSocketFrames: Attack = {
  summary: 'WebSocket messages in one-byte fragments, and pings whose pongs nobody reads, without a login',
  async run({ seconds }: AttackOptions): Promise<AttackOutcome> {
    const victim = await Victim.start({
      limits: { maxBufferedBytes: MAX_BUFFERED_BYTES },
    });
    const probe = await Probe.start(victim.ports.tcp);
    const rssBefore = victim.rssBytes();
    let peakBytes = rssBefore;
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, victim.rssBytes());
    }, 50);
    const until = performance.now() + seconds * 1000;
    const fragmentedBytes = await all(() => flood(victim.ports.ws, until - seconds * 500, FRAGMENTS, true));
    const pingedBytes = await all(() => flood(victim.ports.ws, until, PINGS, false));
    clearInterval(watch);
    const { lost, sent, p50Ms, maxMs } = await probe.stop();
    const { metrics } = await victim.state();
    const figures = {
      fragmentedBytes,
      pingedBytes,
      violations: metrics['violations'] ?? 0,
      disconnectedAsSlow: (metrics['limitBufferedBytes'] ?? 0) + (metrics['limitStalled'] ?? 0),
      rssGrowthBytes: peakBytes - rssBefore,
      probeMessages: sent,
      probeP50Ms: p50Ms,
      probeMaxMs: maxMs,
    };
    const problems = [
      ...(figures.violations === 0 ? ['no fragment was rejected'] : []),
      ...(figures.rssGrowthBytes > MAX_GROWTH_BYTES
        ? [`the server grew by ${figures.rssGrowthBytes} bytes, the bound is ${MAX_GROWTH_BYTES}`]
        : []),
      ...(lost > 0 ? [`${lost} messages of the probe were lost`] : []),
      ...(victim.isAlive ? [] : ['the server has ended']),
    ];
    await victim.stop();
    return { figures, problems };
  },
};

async function all(run: () => Promise<number>): Promise<number> {
  const counts = await Promise.all(Array.from({ length: CONNECTIONS }, run));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Sends the same on one connection after the other. Resolves with the number of bytes that have left. */
async function flood(port: number, until: number, frames: Buffer, isFragmented: boolean): Promise<number> {
  let bytes = 0;
  while (performance.now() < until) {
    const socket = net.connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => {
      const over = setTimeout(() => socket.destroy(), until - performance.now());
      const send = (): void => {
        while (!socket.destroyed && socket.write(frames));
      };
      socket.once('connect', () => {
        socket.write(REQUEST);
        if (isFragmented) socket.write(FIRST_FRAGMENT);
        send();
      });
      // The peer that sends pings reads nothing.
      if (isFragmented) socket.resume();
      socket.on('drain', send);
      socket.on('error', () => {});
      socket.once('close', () => {
        clearTimeout(over);
        resolve();
      });
    });
    bytes += socket.bytesWritten;
  }
  return bytes;
}
