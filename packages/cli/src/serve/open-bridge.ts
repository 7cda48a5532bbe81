import type { BridgeRoute } from '@imcore/bridge-rabbitmq';
import { CommandError, messageOf } from '../command-error.js';
import { readPem } from '../read-pem.js';
import { flagOf, type ServeSettings, variableOf } from './settings.js';

type BridgeSettings = Pick<
  ServeSettings,
  'cluster' | 'bridge' | 'bridgeCa' | 'bridgeCert' | 'bridgeKey' | 'bridgeOutgoing' | 'bridgeIncoming'
>;

/** The value of `bridge` at nodes whose cluster has its bridge at another node. */
export const ELSEWHERE = 'elsewhere';

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
  const { rabbitmq, bridgeElsewhere } = await import('@imcore/bridge-rabbitmq');
  if (url === ELSEWHERE) {
    if (settings.cluster !== undefined) return bridgeElsewhere();
    throw new CommandError(
      `bridge is ${ELSEWHERE}, but cluster is not set`,
      "Only a node of a cluster can use another node's bridge.",
    );
  }
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
