import { ClusterError, type Logger, systemClock } from '@imcore/server';
import type { Workers } from '@imcore/workers';
import { trimMemory } from '../process-memory/trim-memory.js';
import { type AssembledServer, assembleServer } from './assemble-server.js';
import { banner, urlOf } from './banner.js';
import { bufferOutput, type LogOutput } from './buffered-output.js';
import { createLogger } from './create-logger.js';
import { explainListenError } from './explain-listen-error.js';
import { openBridge } from './open-bridge.js';
import { openCluster } from './open-cluster.js';
import { openStore, shownStore } from './open-store.js';
import { readSettings } from './read-settings.js';
import { type ServedPage, serveChatPage } from './serve-chat-page.js';
import type { ServeSettings } from './settings.js';

/**
 * Runs a server until the process gets SIGTERM or SIGINT.
 *
 * The log goes to the standard output, messages for the user to the standard error. SIGTERM and SIGINT wait up to
 * `drainMs` for messages in flight; a second signal ends the process at once. At SIGTERM a node of a cluster first sends its
 * users to the others. SIGHUP reloads certificate and key. A node of a
 * cluster ends with exit code 1 when another process takes its name.
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
  const store = await openStore(settings.store, undefined, {
    waitMs: settings.storeWaitMs,
    clock: systemClock,
    report: (reason) =>
      process.stderr.write(
        `imcore waits up to ${settings.storeWaitMs} ms for ${shownStore(settings.store)}: ${reason}\n`,
      ),
  });
  const assembled = assembleServer(settings, store, logger, bridge, cluster);
  endIfNameIsTaken(assembled, settings, output);
  const addresses = await assembled.server.listen().catch((error: unknown) => {
    throw explainListenError(error);
  });
  const page = await serveChatPage(settings, addresses, assembled.server).catch(async (error: unknown) => {
    await assembled.server.close({ drainMs: 0 });
    throw error;
  });
  for (const address of addresses) logger.info({ url: urlOf(address, settings) }, 'listening');
  if (assembled.workers !== undefined) logWorkers(assembled.workers, logger);
  if (page !== undefined) logger.info({ url: page.url }, 'serving the chat page');
  const { wsOrigins } = settings;
  if (page !== undefined && wsOrigins?.includes(new URL(page.url).origin) === false)
    logger.warn(
      { url: page.url, wsOrigins },
      'the chat page connects only if it is opened at one of wsOrigins',
    );
  output.flush?.();
  process.stderr.write(banner(addresses, settings, page?.url, cluster?.nodeId));
  trimMemory({ logger });
  handleSignals(assembled, page, settings, logger, output);
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
function endIfNameIsTaken({ server }: AssembledServer, settings: ServeSettings, output: LogOutput): void {
  server.on('error', (error) => {
    if (!(error instanceof ClusterError) || error.code !== 'ERR_CLUSTER_NAME_TAKEN') return;
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
  page: ServedPage | undefined,
  settings: ServeSettings,
  logger: Logger,
  output: LogOutput,
): void {
  let isStopping = false;
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (isStopping) process.exit(signal === 'SIGINT' ? 130 : 143);
    isStopping = true;
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
