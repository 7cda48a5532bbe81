import { describeError } from '../command-error.js';
import { assembleServer } from '../serve/assemble-server.js';
import { createLogger } from '../serve/create-logger.js';
import { explainListenError } from '../serve/explain-listen-error.js';
import { openCluster } from '../serve/open-cluster.js';
import { openStore, retentionOf } from '../serve/open-store.js';
import { readSettings } from '../serve/read-settings.js';
import { serveChatPage } from '../serve/serve-chat-page.js';
import { lossyCluster } from './lossy-cluster.js';
import type { NodeNotice, NodeOrder, NodeReport } from './node-report.js';

/**
 * A node of `imcore dev`: a server with the settings of `imcore serve` in its environment, which reports to the process that
 * has started it, and ends with it. It must be started with an IPC channel.
 */
const REPORT_EVERY_MS = 250;
let loss = 0;

try {
  await run();
} catch (error) {
  process.stderr.write(describeError(error));
  process.exit(1);
}

async function run(): Promise<void> {
  // First of all: the parent may end while this process starts.
  process.on('disconnect', () => process.exit(1));
  if (!process.connected) process.exit(1);
  // Ctrl+C in the terminal goes to all processes: the parent stops its nodes in order.
  process.on('SIGINT', () => {});
  const settings = readSettings({ flags: {}, environment: process.env, file: undefined });
  const real = await openCluster(settings);
  const cluster = real && lossyCluster(real, () => Math.random() < loss);
  const store = await openStore(settings.store, { retention: retentionOf(settings) });
  const { server } = assembleServer(
    settings,
    store,
    createLogger(settings, process.stdout),
    undefined,
    cluster,
  );
  server.on('node', ({ nodeId, state }) => tell({ kind: 'notice', text: noticeOf(nodeId, state) }));
  server.on('cluster', ({ state }) =>
    tell({
      kind: 'notice',
      text: state === 'joined' ? 'joined the cluster' : 'lost its connection to the cluster',
    }),
  );
  const addresses = await server.listen().catch((error: unknown) => {
    throw explainListenError(error);
  });
  await serveChatPage(settings, addresses, server);
  const report = (): void => {
    const { messagesAccepted = 0, messagesDelivered = 0 } = server.metrics();
    tell({
      kind: 'report',
      users: [...new Set(server.sessions().map(({ userId }) => userId))],
      accepted: messagesAccepted,
      delivered: messagesDelivered,
      peers: server.cluster?.nodes().map(({ nodeId }) => nodeId) ?? [],
    });
  };
  report();
  setInterval(report, REPORT_EVERY_MS);
  process.on('message', (order: NodeOrder) => {
    loss = order.loss;
  });
  process.on('SIGTERM', () => void server.close({ drainMs: 0 }).finally(() => process.exit(0)));
}

function tell(message: NodeReport | NodeNotice): void {
  if (process.connected) process.send?.(message);
}

function noticeOf(nodeId: string, state: string): string {
  return `${state === 'added' ? 'sees' : 'no longer sees'} ${nodeId.replace('-', ' ')}`;
}
