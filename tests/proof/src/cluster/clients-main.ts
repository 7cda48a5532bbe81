import type { Order } from './client-process.js';
import { JournalFile } from './journal.js';
import { Load } from './load.js';
import { LoadBalancer } from './load-balancer.js';
import { OriginalUser } from './original-user.js';
import { membersOf } from './population.js';
import type { ProofUser } from './proof-user.js';
import { RoamingUser } from './roaming-user.js';

/**
 * A process of clients of the cluster proof: `node clients-main.js INDEX JOURNAL`, with orders over the channel of
 * `child_process.fork`. Each event is in the journal before anything is done because of it. Ends with its parent.
 */
const [processIndex = '0', path = ''] = process.argv.slice(2);
const journal = new JournalFile(path);
const balancer = new LoadBalancer();
const users = membersOf(Number(processIndex)).map(
  (member): ProofUser =>
    member.program === 'v6'
      ? new OriginalUser(member, balancer, journal)
      : new RoamingUser(member, balancer, journal),
);
const load = new Load();

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());

async function obey(order: Order): Promise<void> {
  if (order.order === 'nodes') {
    const isFirst = balancer.nodes.length === 0;
    balancer.nodes = order.nodes;
    if (!isFirst) return;
    for (const user of users) user.start();
    load.start(users);
  } else if (order.order === 'move') {
    const moving = new Set(order.users);
    for (const user of users) if (moving.has(user.member.userId)) user.moveTo(order.nodeId);
  } else {
    await load.stop();
    process.send?.('stopped');
  }
}
