import { join } from 'node:path';
import { Ledger } from './ledger.js';
import type { CrashRun, Outcome } from './outcome.js';
import { progress, settle } from './outcome.js';
import { ServerProcess } from './server-process.js';
import { pause, Traffic } from './traffic.js';

const WORKERS = 4;

/** Wait for a worker to be started again at most, in milliseconds. */
const START_MS = 60_000;

/**
 * Repeatedly kills worker processes of a server, which hold the sockets, while clients in this process send and receive at full
 * speed. The process with sessions and store lives on. Workers take turns, so that each has run for a while and is started
 * again after a second.
 */
export async function killWorkers({ folder, kills, flags }: CrashRun): Promise<Outcome> {
  const running = new Map<number, number>();
  const onLine = (line: string): void => {
    const event = JSON.parse(line) as { worker?: number; pid?: number; state?: string };
    if (event.worker === undefined) return;
    if (event.state === 'listening' && event.pid !== undefined) running.set(event.worker, event.pid);
    else running.delete(event.worker);
  };
  const server = new ServerProcess(join(folder, 'messages.db'), [...flags, `--workers=${WORKERS}`], {
    onLine,
  });
  const ledger = new Ledger();
  await server.start();
  const traffic = new Traffic(server.ports, ledger);
  await traffic.start();
  for (let kill = 1; kill <= kills; kill++) {
    await pause(2500 + Math.random() * 1000);
    const worker = 1 + (kill % WORKERS);
    const deadline = performance.now() + START_MS;
    while (!running.has(worker)) {
      if (performance.now() > deadline) throw new Error(`worker ${worker} was not started again`);
      await pause(50);
    }
    process.kill(running.get(worker) ?? 0, 'SIGKILL');
    running.delete(worker);
    progress(`${kill} of ${kills} kills`, ledger);
  }
  await traffic.stop();
  await settle(ledger);
  const verdict = ledger.verdict();
  await traffic.close();
  await server.kill();
  return { kills: `${kills} kills of workers`, counted: 'acknowledged', verdict };
}
