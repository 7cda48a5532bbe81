import { createSecureContext } from 'node:tls';
import { CommandError, messageOf } from '../command-error.js';
import { readPem } from '../read-pem.js';
import { flagOf, type ServeSettings } from './settings.js';

/**
 * Reads certificate and key; undefined if they are not set.
 *
 * @throws CommandError when they cannot be read or are invalid.
 */
export function readTls({
  tlsCert,
  tlsKey,
}: Pick<ServeSettings, 'tlsCert' | 'tlsKey'>): { cert: Buffer; key: Buffer } | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const pair = { cert: readPem(flagOf('tlsCert'), tlsCert), key: readPem(flagOf('tlsKey'), tlsKey) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    throw new CommandError(
      `Invalid certificate or key: ${messageOf(cause)}`,
      `${flagOf('tlsCert')} and ${flagOf('tlsKey')} must be PEM files of a certificate and its private key.`,
      { cause },
    );
  }
  return pair;
}
