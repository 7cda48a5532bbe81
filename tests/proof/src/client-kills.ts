import { join } from 'node:path';
import { DeviceProcess } from './devices/device-process.js';
import { JournalLedger } from './devices/journal-ledger.js';
import { Ledger } from './ledger.js';
import { type CrashRun, type Outcome, progress, settle } from './outcome.js';
import { KINDS, proofClient } from './proof-client.js';
import { SenderProcess } from './sender-process.js';
import { ServerProcess } from './server-process.js';
import { pause } from './traffic.js';

/** How long senders may take to deliver the remaining messages at the end, in milliseconds. */
const FINISH_MS = 60_000;

/**
 * Repeatedly kills senders with an outbox, devices of their receivers, the server, or one of them and the server. Each message that
 * an outbox has accepted must reach a v6 client and a device of its receiver, once and in order.
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
  const late = flags.filter((flag) => flag === '--late');
  const devices = KINDS.map((kind) => {
    const place = join(folder, `device-${kind}`);
    return [kind, new DeviceProcess(kind, server.ports, `receiver-${kind}`, place, late)] as const;
  });
  const journals = new JournalLedger(new Map<string, DeviceProcess>(devices));
  const senders = KINDS.map((kind) => {
    const accepted = (number: number): void => {
      ledger.acknowledged(kind, number);
      journals.accepted(kind, number);
    };
    const early = flags.filter((flag) => flag === '--early');
    return new SenderProcess(kind, server.ports, join(folder, kind), early, accepted);
  });
  for (const [, device] of devices) device.start();
  for (const [, device] of devices) await device.firstLogin();
  for (const sender of senders) sender.start();
  // Senders twice as often as devices.
  const processes = [...senders, ...senders, ...devices.map(([, device]) => device)];
  let [serverKills, clientKills] = [0, 0];
  while (serverKills + clientKills < kills) {
    await pause(200 + Math.random() * 600);
    const chosen = Math.random();
    const target = chosen < 0.7 ? processes[Math.floor(Math.random() * processes.length)] : undefined;
    const killsServer = chosen > 0.4;
    const killers = [() => target?.kill(), () => (killsServer ? server.kill() : undefined)];
    // In either order: the process that is killed last may accept or acknowledge more meanwhile.
    if (Math.random() < 0.5) killers.reverse();
    for (const kill of killers) {
      await kill();
      await pause(Math.random() * 30);
    }
    clientKills += target === undefined ? 0 : 1;
    serverKills += killsServer ? 1 : 0;
    await pause(Math.random() * 200);
    if (Math.random() < 0.5) target?.start();
    if (killsServer) await server.start();
    if (target !== undefined && !target.isRunning) target.start();
    progress(`${serverKills + clientKills} of ${kills} kills`, ledger);
  }
  await pause(500);
  await Promise.all(senders.map((sender) => sender.finish(FINISH_MS)));
  await Promise.all([settle(ledger), settle(journals.messages, () => journals.read())]);
  const verdict = ledger.verdict();
  for (const [, device] of devices) await device.kill();
  await Promise.all(receivers.map(({ receiver }) => receiver.logout()));
  await server.kill();
  const total = `${serverKills + clientKills} kills (${serverKills} of the server, ${clientKills} of clients)`;
  return { kills: total, counted: 'accepted', verdict, devices: journals.verdict() };
}
