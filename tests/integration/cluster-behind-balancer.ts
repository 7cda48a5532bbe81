import { createClient, type ImClient, type Message, silentLogger, type Transport } from '@imcore/client/node';
import {
  createServer,
  type ImServer,
  memoryStore,
  silentLogger as silentServerLogger,
  systemClock,
  tcp,
  udp,
  websocket,
} from '@imcore/server';
import { SeededRandom, SimulatedBus } from '@imcore/testkit';
import { serveHealth } from '../../packages/cli/src/serve/serve-health.js';
import { Inbox } from './inbox.js';

const HOST = '127.0.0.1';

/** A node of a cluster within this process, and the ports that it listens on. */
export interface LocalNode {
  readonly nodeId: string;
  readonly server: ImServer;
  /** `health`: of `/readyz`. */
  readonly ports: Readonly<Record<'tcp' | 'udp' | 'websocket' | 'health', number>>;
  close(): Promise<void>;
}

/** Starts nodes with a shared store in memory and a bus in this process. They trust loopback, and TCP needs a proxy's header. */
export async function startNodes(...nodeIds: readonly string[]): Promise<LocalNode[]> {
  const bus = new SimulatedBus({ clock: systemClock, random: new SeededRandom(1) });
  const store = memoryStore();
  const nodes = [];
  for (const nodeId of nodeIds) {
    const at = { host: HOST, port: 0 };
    const server = createServer({
      transports: [tcp({ ...at, proxyProtocol: 'required' }), udp(at), websocket(at)],
      store: store.share(),
      cluster: bus.createMember(nodeId),
      logger: silentServerLogger,
    });
    const [overTcp, overUdp, overWebSocket] = (await server.listen()).map(({ port }) => port);
    const health = await serveHealth({ host: HOST, port: 0 }, () =>
      server.cluster?.state === 'draining' ? 'draining' : 'ready',
    );
    const ports = {
      tcp: overTcp ?? 0,
      udp: overUdp ?? 0,
      websocket: overWebSocket ?? 0,
      health: Number(new URL(health.url).port),
    };
    const close = async (): Promise<void> => {
      health.close();
      await server.close({ drainMs: 0 });
    };
    nodes.push({ nodeId, server, ports, close });
  }
  return nodes;
}

/** A client of a cluster, what it has received, and where it is. */
export class ClusterUser {
  readonly userId: string;
  readonly client: ImClient;
  readonly messages = new Inbox<Message>();

  constructor(userId: string, transport: Transport) {
    this.userId = userId;
    this.client = createClient({ transport, logger: silentLogger });
    this.client.on('message', (message) => this.messages.push(message));
  }

  /** The node at which the user has a session now. */
  nodeOf(nodes: readonly LocalNode[]): string | undefined {
    return nodes.find(({ server }) => server.sessions(this.userId).length > 0)?.nodeId;
  }
}
