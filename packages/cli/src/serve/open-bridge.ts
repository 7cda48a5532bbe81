import type { Bridge } from '@imcore/server';
import { CommandError, messageOf } from '../command-error.js';
import { readPem } from '../read-pem.js';
import { flagOf, type ServeSettings } from './settings.js';

type BridgeSettings = Pick<
  ServeSettings,
  'bridge' | 'bridgeCa' | 'bridgeCert' | 'bridgeKey' | 'bridgeOutgoing' | 'bridgeIncoming'
>;

const PEM_FILES = ['bridgeCa', 'bridgeCert', 'bridgeKey'] as const;

/**
 * Makes the bridge that the settings ask for: undefined for none. It is not joined yet, and need not be able to.
 *
 * @throws CommandError when the settings cannot be; it never quotes the URL, which holds a password
 */
export async function openBridge(settings: BridgeSettings): Promise<Bridge | undefined> {
  const { bridge: url, bridgeOutgoing: outgoingQueue, bridgeIncoming: incomingQueue } = settings;
  if (url === undefined) {
    const orphan = PEM_FILES.find((name) => settings[name] !== undefined);
    if (orphan !== undefined)
      throw new CommandError(`${flagOf(orphan)} is given, but no ${flagOf('bridge')}`);
    return undefined;
  }
  const { rabbitmq } = await import('@imcore/bridge-rabbitmq');
  const [ca, cert, key] = PEM_FILES.map((name) => {
    const path = settings[name];
    return path === undefined ? undefined : readPem(flagOf(name), path);
  });
  const hasTls = ca !== undefined || cert !== undefined || key !== undefined;
  try {
    return rabbitmq({ url, tls: hasTls ? { ca, cert, key } : undefined, outgoingQueue, incomingQueue });
  } catch (error) {
    throw new CommandError(`the bridge cannot be used: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** The URL as it may be shown: without user and password. */
export function shownBridge(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
