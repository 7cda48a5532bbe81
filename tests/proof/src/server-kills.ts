import { join } from 'node:path';
import { DeviceLedger } from './devices/device-ledger.js';
import { TEAM, Team } from './devices/team.js';
import { Ledger } from './ledger.js';
import type { CrashRun, Outcome } from './outcome.js';
import { progress, settle } from './outcome.js';
import { ServerProcess } from './server-process.js';
import { pause, Traffic } from './traffic.js';

/**
 * Repeatedly kills the server while clients in this process send and receive at full speed: v6 clients, and users with several
 * devices.
 */
export async function killServers({ folder, kills, flags }: CrashRun): Promise<Outcome> {
  const server = new ServerProcess(join(folder, 'messages.db'), flags);
  const ledger = new Ledger();
  const deviceLedger = new DeviceLedger(TEAM);
  await server.start();
  const traffic = new Traffic(server.ports, ledger);
  await traffic.start();
  const team = new Team(folder, server.ports, deviceLedger, {
    forgets: flags.includes('--forget'),
  });
  await team.start();
  for (let kill = 1; kill <= kills; kill++) {
    await pause(150 + Math.random() * 650);
    await server.kill();
    await pause(Math.random() * 200);
    await server.start();
    progress(`${kill} of ${kills} kills`, ledger);
  }
  await Promise.all([traffic.stop(), team.stop()]);
  await Promise.all([settle(ledger), settle(deviceLedger.messages)]);
  const verdict = ledger.verdict();
  const devices = deviceLedger.verdict();
  await Promise.all([traffic.close(), team.close()]);
  await server.kill();
  return { kills: `${kills} kills`, counted: 'acknowledged', verdict, devices };
}
