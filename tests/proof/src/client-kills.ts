import { join } from 'node:path';
import { Ledger } from './ledger.js';
import { type CrashRun, type Outcome, progress, settle } from './outcome.js';
import { KINDS, proofClient } from './proof-client.js';
import { SenderProcess } from './sender-process.js';
import { ServerProcess } from './server-process.js';
import { pause } from './traffic.js';

/** How long senders may take to deliver the remaining messages at the end, in milliseconds. */
const FINISH_MS = 60_000;

/**
 * Repeatedly kills senders with an outbox, the server, or both. Each message that an outbox has accepted must reach its
 * receiver once and in order.
 */
export async function killClients({ folder, kills, flags }: CrashRun): Promise<Outcome> {
  const server = new ServerProcess(join(folder, 'messages.db'), []);
  const ledger = new Ledger();
  await server.start();
  const receivers = KINDS.map((kind) => {
    const receiver = proofClient(kind, server.ports);
    receiver.on('message', ({ content }) => ledger.received(kind, Number(content)));
    return { receiver, userId: `receiver-${kind}` };
  });
  for (const { receiver, userId } of receivers) await receiver.login({ userId, token: 't' });
  const senders = KINDS.map((kind) => {
    const accepted = (number: number) => ledger.acknowledged(kind, number);
    return new SenderProcess(kind, server.ports, join(folder, kind), flags, accepted);
  });
  for (const sender of senders) sender.start();
  let [serverKills, senderKills] = [0, 0];
  while (serverKills + senderKills < kills) {
    await pause(200 + Math.random() * 600);
    const chosen = Math.random();
    const target = chosen < 0.7 ? senders[Math.floor(Math.random() * senders.length)] : undefined;
    const killsServer = chosen > 0.4;
    const killers = [() => target?.kill(), () => (killsServer ? server.kill() : undefined)];
    // In either order: the process that is killed last may accept or acknowledge more meanwhile.
    if (Math.random() < 0.5) killers.reverse();
    for (const kill of killers) {
      await kill();
      await pause(Math.random() * 30);
    }
    senderKills += target === undefined ? 0 : 1;
    serverKills += killsServer ? 1 : 0;
    await pause(Math.random() * 200);
    if (Math.random() < 0.5) target?.start();
    if (killsServer) await server.start();
    if (target !== undefined && !target.isRunning) target.start();
    progress(`${serverKills + senderKills} of ${kills} kills`, ledger);
  }
  await pause(500);
  await Promise.all(senders.map((sender) => sender.finish(FINISH_MS)));
  await settle(ledger);
  const verdict = ledger.verdict();
  await Promise.all(receivers.map(({ receiver }) => receiver.logout()));
  await server.kill();
  const total = `${serverKills + senderKills} kills (${serverKills} of the server, ${senderKills} of senders)`;
  return { kills: total, counted: 'accepted', verdict };
}
