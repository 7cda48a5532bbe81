import type { ImClient } from '@imcore/client/node';
import type { CallbackLog } from './callback-log.js';

/** Logs every callback of a client. */
export function logClientEvents(client: ImClient, userId: string, log: CallbackLog): void {
  const show = (event: string, details: Readonly<Record<string, unknown>>): void =>
    log.client(userId, event, details);
  client.on('state', ({ previous, current, reason }) => show('state', { previous, current, reason }));
  client.on('message', ({ from, content, type, fingerprint }) =>
    show('message', { from, content, type, fingerprint }),
  );
  client.on('delivered', ({ fingerprint }) => show('delivered', { fingerprint }));
  client.on('undelivered', ({ fingerprint, error }) =>
    show('undelivered', { fingerprint, code: error.code }),
  );
  client.on('rejected', ({ code }) => show('rejected', { code }));
  client.on('kicked', ({ code, reason }) => show('kicked', { code, reason }));
  client.on('linkLost', ({ reason }) => show('linkLost', { reason }));
  client.on('error', (error) => show('error', { error: error.message }));
}
