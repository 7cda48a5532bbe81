import type { BridgeRoute } from '@imcore/bridge-rabbitmq';
import { CommandError, messageOf } from '../command-error.js';
import { readPem } from '../read-pem.js';
import { flagOf, type ServeSettings, variableOf } from './settings.js';

type BridgeSettings = Pick<
  ServeSettings,
  'bridge' | 'bridgeCa' | 'bridgeCert' | 'bridgeKey' | 'bridgeOutgoing' | 'bridgeIncoming'
>;

const PEM_FILES = ['bridgeCa', 'bridgeCert', 'bridgeKey'] as const;

/**
 * Creates the configured bridge; undefined without one. It does not connect yet, so the broker need not be reachable.
 *
 * @throws CommandError for invalid settings. It never contains the URL, which may contain a password.
 */
export async function openBridge(settings: BridgeSettings): Promise<BridgeRoute | undefined> {
  const { bridge: url, bridgeOutgoing: outgoingQueue, bridgeIncoming: incomingQueue } = settings;
  if (url === undefined) {
    const unused = PEM_FILES.find((name) => settings[name] !== undefined);
    if (unused !== undefined) {
      throw new CommandError(
        `${unused} is set, but bridge is not`,
        `Set the broker's URL with ${flagOf('bridge')} or ${variableOf('bridge')}.`,
      );
    }
    return undefined;
  }
  const { rabbitmq } = await import('@imcore/bridge-rabbitmq');
  const [ca, cert, key] = PEM_FILES.map((name) => {
    const path = settings[name];
    return path === undefined ? undefined : readPem(name, path);
  });
  const hasTls = ca !== undefined || cert !== undefined || key !== undefined;
  try {
    return rabbitmq({ url, tls: hasTls ? { ca, cert, key } : undefined, outgoingQueue, incomingQueue });
  } catch (error) {
    throw new CommandError(`Invalid bridge settings: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** The URL without user and password. */
export function shownBridge(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
