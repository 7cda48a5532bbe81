import type { Emitter } from '@imcore/protocol';
import type { ServerEvents } from './events.js';
import type { OnlineUser } from './hooks.js';
import type { Logger } from './ports/logger.js';

/** What happens again and again is logged once in so many times. */
const LOG_EVERY = 1000;

/**
 * Logs what an operator must know, without tokens, content and `extra`, which are the application's. Only events that are rare, or bad, have a listener
 * here: messages that flow cost nothing.
 */
export function logEvents(events: Emitter<ServerEvents>, logger: Logger): void {
  events.on('error', (error) => logger.error({ err: error }, error.message));
  events.on('online', (user) => logger.info(describe(user), 'online'));
  events.on('offline', (user) => logger.info({ ...describe(user), kickCode: user.kickCode }, 'offline'));
  events.on('violation', (violation) => logger.warn(violation, 'a peer broke the protocol'));
  const limits = new Map<string, number>();
  events.on('limited', (limited) => {
    const count = limits.get(limited.limit) ?? 0;
    limits.set(limited.limit, count + 1);
    if (count % LOG_EVERY === 0) logger.warn({ ...limited, times: count + 1 }, 'a limit was reached');
  });
  events.on('lost', ({ userId, messages }) => {
    const fingerprints = messages.map(({ fingerprint }) => fingerprint);
    logger.warn({ userId, fingerprints }, 'messages were never acknowledged');
  });
  events.on('bridge', ({ state, error }) => {
    if (state === 'joined') logger.info({}, 'the bridge has joined');
    else logger.warn({ err: error }, 'the bridge has no broker; it goes on trying by itself');
  });
  let deleted = 0;
  events.on('deadLetterDeleted', ({ id, message: { to, fingerprint } }) => {
    deleted += 1;
    if (deleted % LOG_EVERY !== 1) return;
    logger.warn({ to, fingerprint, id, times: deleted }, 'dead letters were deleted: there are too many');
  });
  let failures = 0;
  events.on('bridgeFailed', ({ message, error }) => {
    failures += 1;
    if (failures % LOG_EVERY !== 1) return;
    logger.error(
      { to: message.to, fingerprint: message.fingerprint, times: failures, err: error },
      'the bridge did not take a message',
    );
  });
  let refused = 0;
  events.on('bridgeRefused', ({ code, reason }) => {
    refused += 1;
    if (refused % LOG_EVERY !== 1) return;
    logger.warn({ code, reason, times: refused }, 'what came over the bridge is among the dead letters');
  });
}

/** What a log may hold of a user. */
function describe({ userId, transport, remoteAddress, remotePort, firstLoginTime }: OnlineUser): object {
  return { userId, transport, remoteAddress, remotePort, firstLoginTime };
}
