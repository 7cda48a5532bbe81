import { Emitter, SERVER_RETRY } from '@imcore/protocol';
import { checkOptions } from './check-options.js';
import { consoleLogger } from './console-logger.js';
import { Dispatcher } from './delivery/dispatcher.js';
import { FallbackRoute } from './delivery/fallback-route.js';
import { LocalRoute } from './delivery/local-route.js';
import { RouteContext } from './delivery/route-context.js';
import { ServerMessages } from './delivery/server-messages.js';
import { UnstoredInFlight } from './delivery/unstored-in-flight.js';
import type { ServerEvents } from './events.js';
import { createHandlers } from './handlers/index.js';
import { HookRunner } from './hook-runner.js';
import { logEvents } from './log-events.js';
import { ServerMetrics } from './metrics.js';
import type { ServerOptions } from './options.js';
import type { Runtime } from './runtime.js';
import { ImServer } from './server.js';
import { AddressTable, isLoopback } from './sessions/address-table.js';
import { Answers } from './sessions/answers.js';
import { PeerReports } from './sessions/peer-reports.js';
import { SessionRegistry } from './sessions/session-registry.js';
import type { SlowReader } from './sessions/slow-reader.js';
import { OfflineNotifier } from './storage/offline-notifier.js';
import { StoreRoute } from './storage/store-route.js';
import { DeadlineQueue, type DeadlineRing } from './timers/deadline-queue.js';
import { systemClock } from './timers/system-clock.js';
import { UserRegistry } from './users/user-registry.js';

/**
 * Puts a server together. Nothing happens until `listen()`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`, naming the option, what it must be and what it is.
 */
export function createServer(options: ServerOptions): ImServer {
  const runtime = createRuntime(options);
  const { transports, store, routes = [], retry = SERVER_RETRY, storeAfterMs = 1000 } = options;
  const hooks = new HookRunner(runtime, options.hooks ?? {}, options.hookTimeoutMs ?? 10_000);
  const users = new UserRegistry(runtime);
  // A transport that nobody has connected to has samples too.
  for (const { transport } of transports) runtime.metrics.ofTransport(transport);

  // A message takes the first route that has a place for it.
  const fallback = new FallbackRoute(runtime, hooks);
  const dispatcher = new Dispatcher(fallback);
  const storing =
    store &&
    new StoreRoute(runtime, {
      ...{ store, users, dispatcher, fallback, retry, storeAfterMs },
      notifier: new OfflineNotifier(runtime, hooks),
    });
  const local = new LocalRoute(runtime, storing ?? new UnstoredInFlight(runtime, retry, fallback));
  dispatcher.use(storing === undefined ? [local, ...routes] : [local, ...routes, storing]);

  // What is larger than every transport carries cannot be sent, unless another route takes it.
  const maxBodyBytes = Math.max(...transports.map(({ maxSendBytes }) => maxSendBytes));
  const messages = new ServerMessages(
    runtime,
    users,
    dispatcher,
    routes.length > 0 ? Number.POSITIVE_INFINITY : maxBodyBytes,
  );

  // A packet takes the handler of its type.
  const answers = new Answers(runtime.stamp);
  const reports = new PeerReports(runtime);
  const addresses = new AddressTable({
    ...runtime.limits,
    isExempt: options.isExemptAddress ?? isLoopback,
  });
  const handlers = createHandlers(
    runtime,
    users,
    hooks,
    dispatcher,
    local,
    addresses,
    answers,
    reports,
    messages.toSender,
    options.handlers ?? {},
  );
  const stallDeadlines = createStallDeadlines(runtime);
  const sessions = new SessionRegistry(
    { runtime, answers, users, local, reports, handlers, stallDeadlines },
    addresses,
  );

  const host = new RouteContext(runtime, users, dispatcher, fallback, storing);
  for (const route of routes) route.init?.(host);
  return new ImServer(runtime, {
    ...{ transports, routes, users, dispatcher, sessions, messages, store, storing },
  });
}

function createRuntime(options: ServerOptions): Runtime {
  const limits = checkOptions(options);
  const { clock = systemClock, random = Math.random, logger = consoleLogger } = options;
  const metrics = new ServerMetrics();
  const events = new Emitter<ServerEvents>((error, name) =>
    logger.error({ error, event: name }, 'a listener threw'),
  );
  logEvents(events, logger, clock);
  const stamp = options.stampServerTime === true ? () => clock.wallTime() : undefined;
  const reportBug = (error: Error): void => {
    metrics.bugs += 1;
    events.emit('error', error);
  };
  const timers = new DeadlineQueue(clock);
  return { clock, random, timers, events, metrics, limits, logger, stamp, reportBug };
}

/** A peer that takes nothing until its deadline is given up. */
function createStallDeadlines({ timers, limits, clock }: Runtime): DeadlineRing {
  const deadlines: DeadlineRing = timers.ring<SlowReader>(limits.stallTimeoutMs, (reader) =>
    reader.check(deadlines, clock.now()),
  );
  return deadlines;
}
