import type { Clock, Emitter, Instant } from '@imcore/protocol';
import { HookError } from './errors.js';
import type { ServerEvents } from './events.js';
import type { SessionInfo } from './hooks.js';
import type { Logger } from './ports/logger.js';

/**
 * Minimum time between two log entries of the same kind that peers can cause, in milliseconds: they must not be able to fill a
 * disk. The events `online` and `offline` are all logged; `loginsPerSecondPerAddress` limits them.
 */
const LOG_EVERY_MS = 10_000;

/**
 * Logs what an operator must know, without tokens, content and `extra`. Listens only to rare events and failures, so that
 * the normal flow of messages costs nothing.
 */
export function logEvents(events: Emitter<ServerEvents>, logger: Logger, clock: Clock): void {
  const throttled = throttle(clock);
  events.on('error', (error) => {
    // Peers decide how often a hook is called.
    if (error instanceof HookError)
      throttled(`${error.hook} ${error.code}`, (times) => logger.error({ err: error, times }, error.message));
    else logger.error({ err: error }, error.message);
  });
  events.on('online', ({ session }) => {
    if (logsInfo(logger)) logger.info(describe(session), 'online');
  });
  events.on('offline', ({ session, kickCode }) => {
    if (logsInfo(logger)) logger.info({ ...describe(session), kickCode }, 'offline');
  });
  events.on('violation', (violation) => {
    throttled(violation.code, (times) =>
      logger.warn({ ...violation, times }, 'a peer violated the protocol'),
    );
  });
  events.on('limited', (limited) => {
    throttled(limited.limit, (times) => logger.warn({ ...limited, times }, 'a limit was reached'));
  });
  events.on('paused', ({ ms }) => {
    throttled('paused', (times) => logger.warn({ ms, times }, 'the process did not run for some time'));
  });
  // Queues of single users are full in ordinary operation; a full store needs the operator.
  events.on('queueFull', ({ limit, userId }) => {
    if (limit !== 'maxTotalBytes') return;
    throttled('maxTotalBytes', (times) =>
      logger.error({ limit, userId, times }, 'the store is full: messages are rejected'),
    );
  });
  events.on('fingerprintReused', (reused) => {
    throttled('fingerprintReused', (times) =>
      logger.warn({ ...reused, times }, 'a fingerprint was used again for another message'),
    );
  });
  events.on('lost', ({ userId, messages }) => {
    throttled('lost', (times) => {
      const fingerprints = messages.map(({ fingerprint }) => fingerprint);
      logger.warn({ userId, fingerprints, times }, 'messages were never acknowledged');
    });
  });
  events.on('clockJumped', ({ aheadMs }) => {
    throttled('clockJumped', (times) =>
      logger.warn({ aheadMs, times }, 'the clock jumped forward: it expires no messages for an hour'),
    );
  });
  events.on('replayDelayed', ({ userId, waitedMs }) => {
    throttled('replayDelayed', (times) =>
      logger.warn(
        { userId, waitedMs, times },
        'the store does not answer: new messages overtake stored ones',
      ),
    );
  });
  events.on('cluster', ({ state, error }) => {
    if (state === 'joined') logger.info({}, 'joined the cluster');
    else logger.warn({ err: error }, 'other nodes of the cluster cannot be reached; it keeps retrying');
  });
  events.on('node', ({ nodeId, state }) => {
    logger.info({ nodeId }, state === 'added' ? 'a node has joined' : 'a node has left or is lost');
  });
  events.on('drain', ({ state, users }) => {
    if (state === 'waiting') logger.warn({ users }, 'the drain waits: no other node takes users');
    else logger.info({ state, users }, 'this node sends its users to other nodes');
  });
  events.on('bridge', ({ state, error }) => {
    if (state === 'joined') logger.info({}, 'the bridge has joined');
    else logger.warn({ err: error }, 'the bridge is not connected to its broker; it keeps retrying');
  });
  events.on('deadLetterDeleted', ({ id, message: { to, fingerprint } }) => {
    throttled('deadLetterDeleted', (times) =>
      logger.warn({ to, fingerprint, id, times }, 'dead letters were deleted: maxDeadLetters was reached'),
    );
  });
  events.on('bridgeFailed', ({ message: { to, fingerprint }, error }) => {
    throttled('bridgeFailed', (times) =>
      logger.error({ to, fingerprint, times, err: error }, 'the bridge did not accept a message'),
    );
  });
  events.on('bridgeRejected', ({ code, reason }) => {
    throttled('bridgeRejected', (times) =>
      logger.warn({ code, reason, times }, 'a message from the bridge was put into its dead-letter queue'),
    );
  });
}

/** Returns a function that logs the first entry of a name, and then one at most every `LOG_EVERY_MS`, with the total count. */
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

/** Called each time: a logger's level may change while the server runs. */
function logsInfo(logger: Logger): boolean {
  return logger.isLevelEnabled?.('info') !== false;
}

/** The fields of a session that may be logged. */
function describe({ userId, transport, remoteAddress, remotePort, firstLoginTime }: SessionInfo): object {
  return { userId, transport, remoteAddress, remotePort, firstLoginTime };
}
