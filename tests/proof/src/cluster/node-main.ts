import { natsCluster } from '@imcore/cluster-nats';
import { createServer, type MessageStore, silentLogger, tcp, udp, websocket } from '@imcore/server';
import type { AppendResult, Cluster, StoredMessage } from '@imcore/server/ports';
import { postgresStore } from '@imcore/store-postgres';
import { wrapStore } from '@imcore/testkit';
import { lossyCluster } from '../../../../packages/cli/dist/dev/lossy-cluster.js';
import { machineTime } from './machine-clock.js';
import type { NodeFault, NodeReport } from './node-process.js';

/**
 * A node of the cluster proof: `node node-main.js NODE STORE NATS TCP UDP WS [FAULT]`. Writes a {@link NodeReport} as a line
 * of JSON each 500 ms, and closes its server on SIGTERM. With a fault it breaks a rule of the cluster on purpose, which the
 * proof must detect.
 */
const [nodeId = '', storeUrl = '', natsUrl = '', tcpPort = '0', udpPort = '0', wsPort = '0', fault] =
  process.argv.slice(2);
const host = '127.0.0.1';
const senseMode = 3;
const store = withFault(postgresStore({ url: storeUrl }), fault as NodeFault | undefined);
const server = createServer({
  transports: [
    tcp({ host, senseMode, port: Number(tcpPort) }),
    udp({ host, senseMode, port: Number(udpPort) }),
    websocket({ host, senseMode, port: Number(wsPort) }),
  ],
  store,
  cluster: withLostFrames(natsCluster({ nodeId, servers: natsUrl }), fault as NodeFault | undefined),
  logger: silentLogger,
});
const delayed: { readonly userId: string; readonly at: number }[] = [];
server.on('replayDelayed', ({ userId }) => delayed.push({ userId, at: machineTime() }));
process.once('SIGTERM', () => void server.close().then(() => process.exit()));
await server.listen();
report();
setInterval(report, 500);

function report(): void {
  const users = [...new Set(server.sessions().map(({ userId }) => userId))];
  const nodes = server.cluster?.nodes().map((node) => node.nodeId) ?? [];
  const known = server.cluster?.onlineCount ?? 0;
  const line: NodeReport = { users, nodes, known, delayed: delayed.splice(0) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** `early`: acknowledges before it appends. `deaf`: sweeps find nothing. */
function withFault(real: MessageStore, kind: NodeFault | undefined): MessageStore {
  if (kind !== 'early' && kind !== 'deaf') return real;
  const { shared } = real;
  if (shared === undefined) throw new Error('the store is not shared');
  const work: Parameters<typeof wrapStore>[1] = (_call, call) => call();
  if (kind === 'deaf') {
    const nothing = {
      identity: () => shared.identity(),
      whichWait: () => Promise.resolve(new Set<string>()),
    };
    return wrapStore(real, work, { shared: nothing });
  }
  let next = Number.MAX_SAFE_INTEGER - 1_000_000_000;
  return wrapStore(real, work, {
    append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
      setTimeout(() => void real.append(messages).catch(() => undefined), 50);
      return Promise.resolve(messages.map(() => ({ outcome: 'stored', id: next, position: next++ })));
    },
  });
}

/** `deaf`: no hint is sent. `blind`: what other nodes say of their sessions is ignored. */
function withLostFrames(real: Cluster, kind: NodeFault | undefined): Cluster {
  const lost: Readonly<Record<'in' | 'out', readonly string[]>> = {
    in: kind === 'blind' ? ['changes', 'all'] : [],
    out: kind === 'deaf' ? ['hint'] : [],
  };
  return lossyCluster(real, (frame, direction) => {
    if (lost[direction].length === 0) return false;
    const [, name = ''] = /"kind":"(\w+)"/.exec(Buffer.from(frame).toString('latin1')) ?? [];
    return lost[direction].includes(name);
  });
}
