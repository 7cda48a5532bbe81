import { DEFAULT_DUPLICATE_LIMITS, Digest, Emitter, SERVER_RETRY } from '@imcore/protocol';
import { checkOptions } from './check-options.js';
import { consoleLogger } from './console-logger.js';
import { Archive } from './delivery/archive.js';
import { BridgeIntake } from './delivery/bridge-intake.js';
import { Courier } from './delivery/courier.js';
import { Expiry } from './delivery/expiry.js';
import type { ServerEvents } from './events.js';
import { HookAsker } from './hook-asker.js';
import type { Sender, SessionInfo } from './hooks.js';
import { logEvents } from './log-events.js';
import { ServerMetrics } from './metrics.js';
import type { ServerOptions } from './options.js';
import { Router } from './routing/router.js';
import { DeadlineQueue, type DeadlineRing } from './scheduling/deadline-queue.js';
import { systemClock } from './scheduling/system-clock.js';
import { ImServer } from './server.js';
import { AddressTable, isLoopback } from './sessions/address-table.js';
import { Answers } from './sessions/answers.js';
import { Directory } from './sessions/directory.js';
import { Login } from './sessions/login.js';
import { PeerAcknowledgements } from './sessions/peer-acknowledgements.js';
import { PeerReports } from './sessions/peer-reports.js';
import { Reception } from './sessions/reception.js';
import type { SlowReader } from './sessions/slow-reader.js';
import type { UserParts } from './sessions/user.js';

/**
 * Puts a server together. Nothing happens until `listen()`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`, naming the option, its value and what is allowed.
 */
export function createServer(options: ServerOptions): ImServer {
  const limits = checkOptions(options);
  const {
    hooks = {},
    store,
    bridge,
    storeAfterMs = 1000,
    hookTimeoutMs = 10_000,
    retry = SERVER_RETRY,
    transports,
  } = options;
  const { clock = systemClock, random = Math.random, logger = consoleLogger } = options;
  const stamp = options.stampServerTime === true ? () => clock.wallTime() : undefined;
  const duplicateLimits = { ...DEFAULT_DUPLICATE_LIMITS, maxRemembered: limits.maxRemembered };

  const metrics = new ServerMetrics();
  const events = new Emitter<ServerEvents>((error, name) =>
    logger.error({ error, event: name }, 'a listener threw'),
  );
  logEvents(events, logger, clock);
  const deadlines = new DeadlineQueue(clock);
  const onForgotten: UserParts['onForgotten'] = ({ id, mailbox }, limit) => {
    metrics.limitRemembered += 1;
    const remoteAddress = mailbox.session?.info.remoteAddress ?? '';
    events.emit('limited', { limit, value: limits[limit], remoteAddress, userId: id });
  };
  const { maxRememberedAway } = limits;
  const userParts = { digest: new Digest(), stamp, onForgotten, maxRememberedAway };
  const directory = new Directory(clock, deadlines, duplicateLimits.rememberMs, userParts);
  const answers = new Answers(stamp);
  const addresses = new AddressTable({ ...limits, isExempt: options.isExemptAddress ?? isLoopback });
  const asker = new HookAsker({ clock, events, metrics, deadlines, hookTimeoutMs });
  const shared = { clock, metrics, events, hooks, asker, limits, directory, answers };
  const courier = new Courier({ ...shared, deadlines, store, bridge, retry, storeAfterMs });
  const intake = new BridgeIntake({ ...shared, courier });
  const toSender = (user: SessionInfo): Sender => ({
    ...user,
    send: (content, sendOptions) => server.send(user.userId, content, sendOptions),
  });
  const router = new Router({ ...shared, duplicateLimits, courier, stamp, toSender });
  const login = new Login({ ...shared, addresses, courier });
  const stallDeadlines: DeadlineRing = deadlines.ring<SlowReader>(limits.stallTimeoutMs, (reader) =>
    reader.check(stallDeadlines, clock.now()),
  );
  const reports = new PeerReports(metrics, events);
  const acknowledgements = new PeerAcknowledgements({ ...shared, courier, random });
  const host = { ...shared, courier, router, login, reports, acknowledgements, stallDeadlines };
  const reception = new Reception({ ...shared, addresses, deadlines, host });
  const { expireEveryMs = 60_000 } = options;
  const expiry = store === undefined ? undefined : new Expiry(shared, store, expireEveryMs);
  const archive = new Archive(store, courier, clock);
  const parts = {
    clock,
    random,
    deadlines,
    metrics,
    events,
    transports,
    reception,
    directory,
    courier,
    store,
    expiry,
    archive,
    bridge,
    intake,
    stamp,
    logger,
  };
  const server = new ImServer(parts);
  return server;
}
