import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { keepAliveOf, type RawUser, rawTcpUser, rawUdpUser } from './raw-users.js';
import { Victim } from './victim.js';

/** Users on each transport. */
const USERS = 50;

/** Longer than the read time-outs of sense mode 3: 7 s, on UDP 10 s. */
const PAUSE_MS = 11_000;

const KEEP_ALIVE_MS = 3000;

/** How long after the pause the server may still end sessions, in milliseconds. */
const AFTER_MS = 2000;

/** Stops the server's process for longer than its read time-outs, while all users continue to write. */
export const pauses: Attack = {
  summary: 'the process is stopped for 11 s, while its users continue to write',
  async run(_options: AttackOptions): Promise<AttackOutcome> {
    const victim = await Victim.start({ senseMode: 3, exemptsLoopback: true });
    const { tcp, udp } = victim.ports;
    const users: RawUser[] = await Promise.all(
      Array.from({ length: USERS }, (_, index) => [
        rawTcpUser(`tcp-${index}`, tcp),
        rawUdpUser(`udp-${index}`, udp),
      ]).flat(),
    );
    const keepAlives = setInterval(() => {
      for (const user of users) user.send(keepAliveOf(user.userId));
    }, KEEP_ALIVE_MS);
    await sleep(KEEP_ALIVE_MS / 2);
    victim.pause();
    await sleep(PAUSE_MS);
    victim.resume();
    await sleep(AFTER_MS);
    const { metrics } = await victim.state();
    clearInterval(keepAlives);
    for (const user of users) user.close();
    await victim.stop();
    const figures = {
      users: users.length,
      stillOnline: metrics['usersOnline'] ?? 0,
      sessionsTimedOut: metrics['sessionsTimedOut'] ?? 0,
      pausesNoticed: metrics['pauses'] ?? 0,
    };
    const lost = figures.users - figures.stillOnline;
    return { figures, problems: lost > 0 ? [`${lost} users who had written were disconnected`] : [] };
  },
};
