import {
  ClusterError,
  type ImServer,
  type Logger,
  type MessageStore,
  systemClock,
  type TransportAddress,
} from '@imcore/server';
import type { Workers } from '@imcore/workers';
import { trimMemory } from '../process-memory/trim-memory.js';
import { type AssembledServer, assembleServer } from './assemble-server.js';
import { banner, urlOf } from './banner.js';
import { bufferOutput, type LogOutput } from './buffered-output.js';
import { createLogger } from './create-logger.js';
import { explainListenError } from './explain-listen-error.js';
import { openBridge } from './open-bridge.js';
import { openCluster } from './open-cluster.js';
import { openStore, retentionOf, shownStore } from './open-store.js';
import { readSettings } from './read-settings.js';
import { type ServedPage, serveChatPage } from './serve-chat-page.js';
import { type HealthPages, type Readiness, serveHealth } from './serve-health.js';
import type { ServeSettings } from './settings.js';
import { StoreReadiness } from './store-readiness.js';
import type { DatabaseWait } from './wait-for-database.js';

/**
 * Runs a server until the process gets SIGTERM or SIGINT.
 *
 * The log goes to the standard output, messages for the user to the standard error. SIGTERM and SIGINT wait up to
 * `drainMs` for messages in flight; a second signal ends the process at once. At SIGTERM a node of a cluster first sends its
 * users to the others; `/readyz` fails from the signal on. SIGHUP reloads certificate and key. A node of a cluster ends with exit
 * code 1 when another process takes its name.
 *
 * @throws CommandError for invalid settings, or when the store or a port is not available.
 */
export async function serve(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const environment = process.env;
  const { config, ...rest } = flags;
  const file = typeof config === 'string' ? config : environment['IMCORE_CONFIG'];
  const settings = readSettings({ flags: rest, environment, file });
  const output = bufferOutput(process.stdout);
  process.on('exit', () => output.flush?.());
  continueWithoutLog(process.stdout);
  const logger = createLogger(settings, output);
  const bridge = await openBridge(settings);
  const cluster = await openCluster(settings);
  const store = await openStore(settings.store, {
    wait: databaseWait(settings),
    retention: retentionOf(settings),
    notice: (line) => process.stderr.write(`${line}\n`),
  });
  const assembled = assembleServer(settings, store, logger, bridge, cluster);
  const stopping = new AbortController();
  endIfNameIsTaken(assembled, stopping, settings, output);
  const addresses = await assembled.server.listen().catch((error: unknown) => {
    throw explainListenError(error);
  });
  const pages = await servePages(settings, addresses, assembled.server, store, stopping.signal);
  const { page, health } = pages;
  for (const address of addresses) logger.info({ url: urlOf(address, settings) }, 'listening');
  if (assembled.workers !== undefined) logWorkers(assembled.workers, logger);
  if (page !== undefined) logger.info({ url: page.url }, 'serving the chat page');
  if (health !== undefined) logger.info({ url: health.url }, 'serving /healthz and /readyz');
  const { wsOrigins } = settings;
  if (page !== undefined && wsOrigins?.includes(new URL(page.url).origin) === false)
    logger.warn(
      { url: page.url, wsOrigins },
      'the chat page connects only if it is opened at one of wsOrigins',
    );
  output.flush?.();
  process.stderr.write(banner(addresses, settings, page?.url, cluster?.nodeId));
  trimMemory({ logger });
  handleSignals(assembled, pages, stopping, settings, logger, output);
}

/** How to wait for the database of the settings. */
function databaseWait({ store, storeWaitMs }: ServeSettings): DatabaseWait {
  return {
    waitMs: storeWaitMs,
    clock: systemClock,
    report: (reason) =>
      process.stderr.write(`imcore waits up to ${storeWaitMs} ms for ${shownStore(store)}: ${reason}\n`),
  };
}

/** What the command serves over HTTP. */
interface ServedPages {
  readonly page: ServedPage | undefined;
  readonly health: HealthPages | undefined;
}

/** Closes the server if a page cannot be served. `stopping` is aborted when the process begins to stop. */
async function servePages(
  settings: ServeSettings,
  addresses: readonly TransportAddress[],
  server: ImServer,
  store: MessageStore | undefined,
  stopping: AbortSignal,
): Promise<ServedPages> {
  const storeReadiness = store && new StoreReadiness(store, systemClock);
  const readiness = (): Readiness => {
    if (server.cluster?.state === 'draining') return 'draining';
    if (stopping.aborted) return 'stopping';
    return storeReadiness?.isReady === false ? 'starting' : 'ready';
  };
  let page: ServedPage | undefined;
  try {
    page = await serveChatPage(settings, addresses, server);
    const health = settings.admin === undefined ? undefined : await serveHealth(settings.admin, readiness);
    if (health !== undefined) void storeReadiness?.start(stopping);
    return { page, health };
  } catch (error) {
    page?.close();
    await server.close({ drainMs: 0 });
    throw error;
  }
}

function logWorkers(workers: Workers, logger: Logger): void {
  const all = workers.status();
  const udp = all.filter(({ hasUdp }) => hasUdp).map(({ worker }) => worker);
  logger.info(
    { workers: all.length, udp: udp.length === 0 ? 'off' : udp.join(',') },
    'workers hold the connections',
  );
}

/** A closed pipe or a full disk behind the log must not disconnect users. */
function continueWithoutLog(stdout: NodeJS.WriteStream): void {
  let isReported = false;
  stdout.on('error', (error) => {
    if (isReported) return;
    isReported = true;
    process.stderr.write(`imcore cannot write its log and continues without it: ${error.message}\n`);
  });
}

/** A node whose name is taken has stopped serving: the process must not stay, and must not look like a clean end. */
function endIfNameIsTaken(
  { server }: AssembledServer,
  stopping: AbortController,
  settings: ServeSettings,
  output: LogOutput,
): void {
  server.on('error', (error) => {
    if (!(error instanceof ClusterError) || error.code !== 'ERR_CLUSTER_NAME_TAKEN') return;
    stopping.abort();
    output.flush?.();
    process.stderr.write(
      `imcore: another process of the cluster ${settings.clusterName} has the node ID ${server.cluster?.nodeId}: this one stops\n` +
        'Give each node its own --node-id or IMCORE_NODE_ID.\n',
    );
    void server.close({ drainMs: settings.drainMs }).finally(() => process.exit(1));
  });
}

function handleSignals(
  { server, reloadTls }: AssembledServer,
  { page }: ServedPages,
  stopping: AbortController,
  settings: ServeSettings,
  logger: Logger,
  output: LogOutput,
): void {
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (stopping.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    stopping.abort();
    output.flush?.();
    process.stderr.write('imcore is stopping. Press Ctrl+C again to force quit.\n');
    logger.info({ signal, drainMs: settings.drainMs }, 'stopping');
    page?.close();
    const isDrained = signal === 'SIGTERM' ? server.cluster?.drain() : undefined;
    const closed = Promise.resolve(isDrained).then(() => server.close({ drainMs: settings.drainMs }));
    closed.then(
      () => {
        logger.info({}, 'stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'shutdown failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', () => {
    try {
      reloadTls();
      logger.info({}, 'reloaded certificate and key');
    } catch (error) {
      logger.error({ err: error }, 'cannot reload certificate and key, keeping the current ones');
    }
  });
}
