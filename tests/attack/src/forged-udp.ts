import dgram from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { acknowledgementOf, keepAliveOf, loginOf, messageOf, rawTcpUser, rawUdpUser } from './raw-users.js';
import { Victim } from './victim.js';

/** Messages that wait for the user in whose name the forger logs in. */
const WAITING = 100;

/** Ports of one address, and of several, that datagrams seem to come from. */
const FORGED_PORTS = 1100;

/** Limits that the forged datagrams must not use up. */
const LIMITS = { maxSessions: 2000, maxSessionsPerAddress: 1000 };

/** How often an unproven address may be sent what it has sent (RFC 9000, 8.1). */
const FACTOR = 3;

/** Whoever these addresses belong to never wrote to the server. The machine lets anyone bind them. */
const REFLECTED = '127.7.7.7';
const LOCKED_OUT = '127.7.7.8';

/**
 * Sends datagrams in the name of addresses that never wrote to the server: logins and acknowledgements that direct a queue
 * at them, and so many strangers that nobody else is let in.
 */
export const forgedUdp: Attack = {
  summary: 'datagrams from forged addresses: a queue directed at one, and strangers who use up the limits',
  async run({ seconds }: AttackOptions): Promise<AttackOutcome> {
    const victim = await Victim.start({ limits: LIMITS, store: 'memory' });
    const { sent, drawn } = await reflect(victim.ports.udp, seconds);
    const noise = await lockOut(victim, () => 'x');
    const logins = await lockOut(victim, (index) => loginOf(`forged-${index}`));
    const { metrics } = await victim.state();
    await victim.stop();
    const figures = {
      forgedBytes: sent,
      drawnBytes: drawn,
      tcpLoginsDuringNoise: noise,
      tcpLoginsDuringForgedLogins: logins,
      sessionsOpen: metrics['sessionsOpen'] ?? 0,
    };
    const problems = [
      ...(drawn > FACTOR * sent
        ? [`${sent} forged bytes drew ${drawn} bytes, allowed are ${FACTOR * sent}`]
        : []),
      ...(noise < 2 ? [`noise kept ${2 - noise} of 2 addresses out of TCP`] : []),
      ...(logins < 2 ? [`forged logins kept ${2 - logins} of 2 addresses out of TCP`] : []),
    ];
    return { figures, problems };
  },
};

/** Logs in from an address that never answers, and acknowledges messages whose fingerprints the forger has chosen. */
async function reflect(port: number, seconds: number): Promise<{ sent: number; drawn: number }> {
  const bob = await rawUdpUser('bob', port);
  for (let index = 0; index < WAITING; index++)
    bob.send(messageOf('bob', 'alice', 'x'.repeat(800), `fp-${index}`));
  await sleep(500);
  const socket = await boundTo(REFLECTED);
  let drawn = 0;
  let sent = 0;
  socket.on('message', ({ length }) => {
    drawn += length;
  });
  const forge = (text: string): void => {
    sent += text.length;
    socket.send(text, port, '127.0.0.1');
  };
  forge(loginOf('alice'));
  await sleep(200);
  const until = performance.now() + seconds * 1000;
  for (let index = 0; performance.now() < until; index++) {
    if (index < 3) forge(acknowledgementOf('alice', 'bob', `fp-${index}`));
    forge(keepAliveOf('alice'));
    await sleep(2500);
  }
  bob.close();
  socket.close();
  return { sent, drawn };
}

/** Sends one datagram from each of many forged ports. Returns how many of two addresses can log in over TCP afterwards. */
async function lockOut(victim: Victim, textOf: (index: number) => string): Promise<number> {
  for (let index = 0; index < FORGED_PORTS; index++) {
    await Promise.all(
      [LOCKED_OUT, '127.7.8.1', '127.7.8.2'].map(async (address) => {
        const socket = await boundTo(address);
        const sent = new Promise((resolve) =>
          socket.send(textOf(index), victim.ports.udp, '127.0.0.1', resolve),
        );
        await sent;
        socket.close();
      }),
    );
  }
  const users = await Promise.all([canLogIn(LOCKED_OUT, victim), canLogIn('127.7.9.9', victim)]);
  return users.filter(Boolean).length;
}

async function canLogIn(address: string, { ports }: Victim): Promise<boolean> {
  const user = await Promise.race([
    rawTcpUser(`from-${address}`, ports.tcp, address).catch(() => undefined),
    sleep(2000).then(() => undefined),
  ]);
  user?.close();
  return user !== undefined;
}

async function boundTo(address: string): Promise<dgram.Socket> {
  const socket = dgram.createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}
