import type { Clock, Emitter, Instant } from '@imcore/protocol';
import { HookError } from './errors.js';
import type { ServerEvents } from './events.js';
import type { SessionInfo } from './hooks.js';
import type { Logger } from './ports/logger.js';

/**
 * What peers can make happen again and again is logged this seldom, in milliseconds: they must not be able to fill a disk.
 * Users who come online and go offline are logged each; `loginsPerSecondPerAddress` bounds them.
 */
const LOG_EVERY_MS = 10_000;

/**
 * Logs what an operator must know, without tokens, content and `extra`, which are the application's. Only events that
 * are rare, or bad, have a listener here: messages that flow cost nothing.
 */
export function logEvents(events: Emitter<ServerEvents>, logger: Logger, clock: Clock): void {
  const seldom = throttle(clock);
  events.on('error', (error) => {
    // Peers decide how often a hook is called.
    if (error instanceof HookError)
      seldom(`${error.hook} ${error.code}`, (times) => logger.error({ err: error, times }, error.message));
    else logger.error({ err: error }, error.message);
  });
  events.on('online', ({ session }) => {
    if (logsInfo(logger)) logger.info(describe(session), 'online');
  });
  events.on('offline', ({ session, kickCode }) => {
    if (logsInfo(logger)) logger.info({ ...describe(session), kickCode }, 'offline');
  });
  events.on('violation', (violation) => {
    seldom(violation.code, (times) => logger.warn({ ...violation, times }, 'a peer broke the protocol'));
  });
  events.on('limited', (limited) => {
    seldom(limited.limit, (times) => logger.warn({ ...limited, times }, 'a limit was reached'));
  });
  events.on('lost', ({ userId, messages }) => {
    seldom('lost', (times) => {
      const fingerprints = messages.map(({ fingerprint }) => fingerprint);
      logger.warn({ userId, fingerprints, times }, 'messages were never acknowledged');
    });
  });
  events.on('bridge', ({ state, error }) => {
    if (state === 'joined') logger.info({}, 'the bridge has joined');
    else logger.warn({ err: error }, 'the bridge has no broker; it keeps trying');
  });
  events.on('deadLetterDeleted', ({ id, message: { to, fingerprint } }) => {
    seldom('deadLetterDeleted', (times) =>
      logger.warn({ to, fingerprint, id, times }, 'dead letters were deleted: the store keeps no more'),
    );
  });
  events.on('bridgeFailed', ({ message: { to, fingerprint }, error }) => {
    seldom('bridgeFailed', (times) =>
      logger.error({ to, fingerprint, times, err: error }, 'the bridge did not take a message'),
    );
  });
  events.on('bridgeRejected', ({ code, reason }) => {
    seldom('bridgeRejected', (times) =>
      logger.warn({ code, reason, times }, 'a message from the bridge was put among its dead letters'),
    );
  });
}

/** Counts by name since the start; lets the first be logged, and another one once some time has passed. */
function throttle(clock: Clock): (name: string, log: (times: number) => void) => void {
  const counts = new Map<string, { times: number; nextAt: Instant }>();
  return (name, log) => {
    const now = clock.now();
    const { times, nextAt } = counts.get(name) ?? { times: 0, nextAt: now };
    const isDue = now >= nextAt;
    counts.set(name, { times: times + 1, nextAt: isDue ? now + LOG_EVERY_MS : nextAt });
    if (isDue) log(times + 1);
  };
}

/** Asked each time: a logger's level may change while the server runs. */
function logsInfo(logger: Logger): boolean {
  return logger.isLevelEnabled?.('info') !== false;
}

/** What a log may hold of a user. */
function describe({ userId, transport, remoteAddress, remotePort, firstLoginTime }: SessionInfo): object {
  return { userId, transport, remoteAddress, remotePort, firstLoginTime };
}
