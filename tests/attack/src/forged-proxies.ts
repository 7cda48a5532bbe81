import net from 'node:net';
import { WebSocket } from 'ws';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { Probe } from './probe.js';
import { Victim } from './victim.js';

/** The address of the proxy, which is trusted, and of the attacker, which is not. */
const [PROXY, ATTACKER] = ['127.0.0.1', '127.0.0.2'];

/** Sessions that one address may have. */
const MAX_SESSIONS = 10;

/** Connections that are held at a time, of each kind. */
const HELD = 50;

/** What the proxy has appended for the attacker in the headers that come through the proxy. */
const APPENDED = '198.51.100.7';

/** What the answer to a login contains. */
const LOGIN_RESPONSE = '"type":50';

/** Names a new address in each header, to have more sessions than one address may have. */
export const forgedProxies: Attack = {
  summary:
    'headers of proxies that name ever new addresses, from an address that is no proxy and through a proxy',
  async run({ seconds }: AttackOptions): Promise<AttackOutcome> {
    const victim = await Victim.start({
      limits: { maxSessionsPerAddress: MAX_SESSIONS },
      trustedProxies: [PROXY],
      proxyProtocol: 'optional',
    });
    const probe = await Probe.start(victim.ports.tcp);
    const until = performance.now() + seconds * 1000;
    const most = { tcp: 0, direct: 0, throughProxy: 0, connections: 0 };
    while (performance.now() < until) {
      const tcp = await holdAll((index) => overTcp(victim.ports.tcp, index));
      const direct = await holdAll((index) =>
        overWebSocket(victim.ports.ws, ATTACKER, `direct-${index}`, {
          'x-forwarded-for': forged(index),
          forwarded: `for=${forged(index)}`,
        }),
      );
      const throughProxy = await holdAll((index) =>
        overWebSocket(victim.ports.ws, PROXY, `proxied-${index}`, {
          'x-forwarded-for': `${forged(index)}, 127.0.0.1, ${APPENDED}`,
        }),
      );
      most.tcp = Math.max(most.tcp, tcp);
      most.direct = Math.max(most.direct, direct);
      most.throughProxy = Math.max(most.throughProxy, throughProxy);
      most.connections += 3 * HELD;
    }
    const { maxLoopDelayMs, metrics } = await victim.state();
    const { lost, p50Ms, maxMs } = await probe.stop();
    const figures = {
      connections: most.connections,
      loginsOverTcpAtMost: most.tcp,
      sessionsOfAttackerAtMost: most.direct,
      sessionsThroughProxyAtMost: most.throughProxy,
      violations: metrics['violations'] ?? 0,
      maxLoopDelayMs,
      probeP50Ms: p50Ms,
      probeMaxMs: maxMs,
    };
    const problems = [
      ...(most.tcp > 0
        ? [`${most.tcp} logins behind a forged PROXY header were answered, allowed are 0`]
        : []),
      ...[
        ['an address that is no proxy', most.direct] as const,
        ['an address behind the proxy', most.throughProxy] as const,
      ].flatMap(([who, count]) =>
        count > MAX_SESSIONS ? [`${who} had ${count} sessions at a time, allowed are ${MAX_SESSIONS}`] : [],
      ),
      ...(most.direct === 0 || most.throughProxy === 0 ? ['sessions within the limit were rejected'] : []),
      ...(lost > 0 ? [`${lost} messages of the probe were lost`] : []),
      ...(victim.isAlive ? [] : ['the server has ended']),
    ];
    await victim.stop();
    return { figures, problems };
  },
};

/** A connection that has got what it wanted, if it was logged in. */
interface Held {
  readonly isLoggedIn: boolean;
  close(): void;
}

/** Opens connections at a time, and closes them when all are decided. Resolves with the number of logins. */
async function holdAll(open: (index: number) => Promise<Held>): Promise<number> {
  const held = await Promise.all(Array.from({ length: HELD }, (_, index) => open(index)));
  for (const one of held) one.close();
  return held.filter(({ isLoggedIn }) => isLoggedIn).length;
}

/** An address of its own for each connection. */
function forged(index: number): string {
  return `203.0.113.${index + 1}`;
}

function loginOf(userId: string): string {
  const content = JSON.stringify({ loginUserId: userId, firstLoginTime: 0 });
  return JSON.stringify({ type: 0, dataContent: content, from: userId, to: '0' });
}

/** Sends a forged PROXY header, of both versions in turn, and a login. */
async function overTcp(port: number, index: number): Promise<Held> {
  const socket = net.connect({ host: PROXY, port, localAddress: ATTACKER });
  socket.on('error', () => socket.destroy());
  const body = Buffer.from(loginOf(`forged-${index}`));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  socket.write(Buffer.concat([proxyHeader(index), length, body]));
  const isLoggedIn = await new Promise<boolean>((resolve) => {
    socket.on('data', (chunk) => {
      if (chunk.includes(LOGIN_RESPONSE)) resolve(true);
    });
    socket.once('close', () => resolve(false));
  });
  return { isLoggedIn, close: () => socket.destroy() };
}

function proxyHeader(index: number): Buffer {
  if (index % 2 === 0) return Buffer.from(`PROXY TCP4 ${forged(index)} 192.0.2.9 1000 8901\r\n`);
  const address = forged(index).split('.').map(Number);
  return Buffer.from([
    ...Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'),
    ...address,
    192,
    0,
    2,
    9,
    3,
    232,
    34,
    197,
  ]);
}

/** Opens a WebSocket with headers, and logs in. */
async function overWebSocket(
  port: number,
  localAddress: string,
  userId: string,
  headers: Readonly<Record<string, string>>,
): Promise<Held> {
  const socket = new WebSocket(`ws://${PROXY}:${port}/websocket`, { headers, localAddress });
  socket.on('error', () => socket.terminate());
  socket.on('open', () => socket.send(loginOf(userId)));
  const isLoggedIn = await new Promise<boolean>((resolve) => {
    socket.once('message', () => resolve(true));
    socket.once('close', () => resolve(false));
  });
  return { isLoggedIn, close: () => socket.terminate() };
}
