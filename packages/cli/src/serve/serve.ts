import type { Logger } from '@imcore/server';
import { trimMemory } from '../process-memory/trim-memory.js';
import { type AssembledServer, assembleServer } from './assemble-server.js';
import { banner, urlOf } from './banner.js';
import { createLogger } from './create-logger.js';
import { explainListenError } from './explain-listen-error.js';
import { gatherOutput, type LogOutput } from './gathered-output.js';
import { openBridge } from './open-bridge.js';
import { openStore } from './open-store.js';
import { readSettings } from './read-settings.js';
import { type ServedPage, serveChatPage } from './serve-chat-page.js';
import type { ServeSettings } from './settings.js';

/**
 * Runs a server until the process is told to end.
 *
 * The log goes to the standard output, what a person should know to the standard error. SIGTERM and SIGINT let what is
 * under way be finished; a second one ends at once. SIGHUP reads certificate and key again.
 *
 * @throws CommandError for settings that cannot be, a store or a port that cannot be had.
 */
export async function serve(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const environment = process.env;
  const { config, ...rest } = flags;
  const file = typeof config === 'string' ? config : environment['IMCORE_CONFIG'];
  const settings = readSettings({ flags: rest, environment, file });
  const output = gatherOutput(process.stdout);
  process.on('exit', () => output.flush?.());
  goOnWithoutLog(process.stdout);
  const logger = createLogger(settings, output);
  const bridge = await openBridge(settings);
  const store = await openStore(settings.store);
  const assembled = assembleServer(settings, store, logger, bridge);
  const addresses = await assembled.server.listen().catch((error: unknown) => {
    throw explainListenError(error);
  });
  const page = await serveChatPage(settings, addresses).catch(async (error: unknown) => {
    await assembled.server.close({ drainMs: 0 });
    throw error;
  });
  for (const address of addresses) logger.info({ url: urlOf(address, settings) }, 'listening');
  if (page !== undefined) logger.info({ url: page.url }, 'serving the chat page');
  output.flush?.();
  process.stderr.write(banner(addresses, settings, page?.url));
  if (settings.trimMemory) trimMemory({ logger });
  obeySignals(assembled, page, settings, logger, output);
}

/** Whoever reads the log may go, or its disk be full: users stay connected. */
function goOnWithoutLog(stdout: NodeJS.WriteStream): void {
  let isTold = false;
  stdout.on('error', (error) => {
    if (isTold) return;
    isTold = true;
    process.stderr.write(`imcore goes on without its log: ${error.message}\n`);
  });
}

function obeySignals(
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
    process.stderr.write('imcore is stopping; the same signal again ends it at once.\n');
    logger.info({ signal, drainMs: settings.drainMs }, 'stopping');
    page?.close();
    server.close({ drainMs: settings.drainMs }).then(
      () => {
        logger.info({}, 'stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'could not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', () => {
    try {
      reloadTls();
      logger.info({}, 'certificate and key are read again');
    } catch (error) {
      logger.error({ err: error }, 'certificate and key cannot be read, the old ones stay');
    }
  });
}
