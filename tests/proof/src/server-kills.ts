import { join } from 'node:path';
import { Ledger } from './ledger.js';
import type { CrashRun, Outcome } from './outcome.js';
import { progress, settle } from './outcome.js';
import { ServerProcess } from './server-process.js';
import { pause, Traffic } from './traffic.js';

/** Repeatedly kills the server while clients in this process send and receive at full speed. */
export async function killServers({ folder, kills, flags }: CrashRun): Promise<Outcome> {
  const server = new ServerProcess(join(folder, 'messages.db'), flags);
  const ledger = new Ledger();
  await server.start();
  const traffic = new Traffic(server.ports, ledger);
  await traffic.start();
  for (let kill = 1; kill <= kills; kill++) {
    await pause(150 + Math.random() * 650);
    await server.kill();
    await pause(Math.random() * 200);
    await server.start();
    progress(`${kill} of ${kills} kills`, ledger);
  }
  await traffic.stop();
  await settle(ledger);
  const verdict = ledger.verdict();
  await traffic.close();
  await server.kill();
  return { kills: `${kills} kills`, counted: 'acknowledged', verdict };
}
