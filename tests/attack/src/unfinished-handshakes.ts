import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { Victim, type VictimOptions } from './victim.js';

/** Connections to each port at a time, and how many the server lets an address have. */
const CONNECTIONS = 500;
const ALLOWED = 50;
const LOGIN_TIMEOUT_MS = 2000;
/** How long the server may take to reject what is beyond the limit. */
const REJECTION_MS = 1500;
/** How long after the deadline a connection may still be open: for a close frame a second, and the machine may be busy. */
const SLACK_MS = 4000;

const HALF_A_REQUEST = 'GET /websocket HTTP/1.1\r\nHost: ';
const BEGINNING_OF_A_HANDSHAKE = Buffer.from([0x16, 3, 1, 2, 0, 1]);
const BEGINNING_OF_A_FRAME = Buffer.from([0, 0, 0, 9, 0x7b]);
const WEBSOCKET_REQUEST = [
  'GET /websocket HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n');

/** What each kind of connection sends, and to which port. */
const KINDS: Readonly<Record<string, { readonly to: 'tcp' | 'ws'; readonly sent: string | Buffer }>> = {
  silentTcp: { to: 'tcp', sent: '' },
  halfFrame: { to: 'tcp', sent: BEGINNING_OF_A_FRAME },
  silentHttp: { to: 'ws', sent: '' },
  halfRequest: { to: 'ws', sent: HALF_A_REQUEST },
  webSocketWithoutLogin: { to: 'ws', sent: WEBSOCKET_REQUEST },
};

const SECURE_KINDS: typeof KINDS = {
  silentTls: { to: 'tcp', sent: '' },
  halfTls: { to: 'tcp', sent: BEGINNING_OF_A_HANDSHAKE },
  silentWss: { to: 'ws', sent: '' },
  halfWss: { to: 'ws', sent: BEGINNING_OF_A_HANDSHAKE },
};

/**
 * Opens many more connections than an address may have, on each port, and finishes no handshake on any. Repeats it until the
 * time is over.
 */
export const unfinishedHandshakes: Attack = {
  summary: 'connections that finish no TLS, HTTP or WebSocket handshake and never log in',
  async run({ seconds }: AttackOptions): Promise<AttackOutcome> {
    const limits = { maxSessionsPerAddress: ALLOWED, loginTimeoutMs: LOGIN_TIMEOUT_MS };
    const plain = await attack({ limits }, KINDS, seconds / 2);
    const secure = await attack({ limits, tls: certificate() }, SECURE_KINDS, seconds / 2);
    return {
      figures: { ...plain.figures, ...secure.figures },
      problems: [...plain.problems, ...secure.problems],
    };
  },
};

async function attack(options: VictimOptions, kinds: typeof KINDS, seconds: number): Promise<AttackOutcome> {
  const victim = await Victim.start(options);
  const until = performance.now() + seconds * 1000;
  const figures: Record<string, number> = {};
  const problems: string[] = [];
  do {
    for (const [kind, { to, sent }] of Object.entries(kinds)) {
      const { mostOpen, lastClosedMs } = await hold(victim.ports[to], sent);
      figures[`${kind}MostOpen`] = Math.max(figures[`${kind}MostOpen`] ?? 0, mostOpen);
      figures[`${kind}LastClosedMs`] = Math.max(figures[`${kind}LastClosedMs`] ?? 0, lastClosedMs);
    }
  } while (performance.now() < until);
  for (const [name, value] of Object.entries(figures)) {
    const bound = name.endsWith('Ms') ? LOGIN_TIMEOUT_MS + SLACK_MS : ALLOWED;
    if (value > bound) problems.push(`${name} is ${value}, the bound is ${bound}`);
  }
  const { metrics, limited } = await victim.state();
  for (const limit of ['maxSessionsPerAddress', 'loginTimeoutMs'])
    if (limited[limit] === undefined) problems.push(`the limit ${limit} was never reported`);
  if (metrics['socketsWithoutLogin'] !== 0)
    problems.push(`${metrics['socketsWithoutLogin']} sockets are still counted`);
  await victim.stop();
  return { figures, problems };
}

/** Opens connections and sends the same on each. Resolves when all are closed, or long after the deadline. */
async function hold(
  port: number,
  sent: string | Buffer,
): Promise<{ mostOpen: number; lastClosedMs: number }> {
  const open = new Set<net.Socket>();
  const startedAt = performance.now();
  const sockets = Array.from({ length: CONNECTIONS }, () => net.connect(port, '127.0.0.1'));
  const closed = sockets.map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.on('error', () => {});
        socket.once('connect', () => open.add(socket) && socket.write(sent));
        socket.resume();
        socket.once('close', () => {
          open.delete(socket);
          resolve();
        });
      }),
  );
  // What the server has rejected is closed by then.
  await new Promise((resolve) => setTimeout(resolve, REJECTION_MS));
  const mostOpen = open.size;
  const late = new Promise((resolve) => setTimeout(resolve, LOGIN_TIMEOUT_MS + 2 * SLACK_MS));
  await Promise.race([Promise.all(closed), late]);
  const lastClosedMs = Math.round(performance.now() - startedAt);
  for (const socket of sockets) socket.destroy();
  return { mostOpen, lastClosedMs };
}

/** Makes a certificate that signs itself, good for a day. */
function certificate(): { key: string; cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'imcore-attack-'));
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const request = ['req', '-x509', '-nodes', '-days', '1', '-subj', '/CN=attack'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    execFileSync('openssl', [...request, ...curve, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
