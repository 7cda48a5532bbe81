import { Emitter, SERVER_RETRY } from '@imcore/protocol';
import { checkOptions } from './check-options.js';
import { ClusterRoute } from './cluster/cluster-route.js';
import { deliverPassed } from './cluster/deliver-passed.js';
import { mustLook } from './cluster/must-look.js';
import { ServerCluster } from './cluster/server-cluster.js';
import { consoleLogger } from './console-logger.js';
import { BytesUnderWay } from './delivery/bytes-under-way.js';
import { Dispatcher } from './delivery/dispatcher.js';
import { FallbackRoute } from './delivery/fallback-route.js';
import { LocalRoute } from './delivery/local-route.js';
import { createRouteHost } from './delivery/route-host.js';
import { ServerMessages } from './delivery/server-messages.js';
import { UnstoredInFlight } from './delivery/unstored-in-flight.js';
import type { ServerEvents } from './events.js';
import { Devices } from './feeds/devices.js';
import { Feeds } from './feeds/feeds.js';
import { createHandlers } from './handlers/index.js';
import { HookRunner } from './hook-runner.js';
import { logEvents } from './log-events.js';
import { ServerMetrics } from './metrics.js';
import type { ServerOptions } from './options.js';
import { TrustedProxies } from './proxies/trusted-proxies.js';
import type { Runtime } from './runtime.js';
import { createSecureRandom } from './secure-random.js';
import { ImServer } from './server.js';
import { AddressChecks } from './sessions/address-checks.js';
import { AddressTable } from './sessions/address-table.js';
import { Admission } from './sessions/admission.js';
import { Answers } from './sessions/answers.js';
import { OpenFiles } from './sessions/open-files.js';
import { PeerReports } from './sessions/peer-reports.js';
import { SessionRegistry } from './sessions/session-registry.js';
import type { SlowReader } from './sessions/slow-reader.js';
import { OfflineNotifier } from './storage/offline-notifier.js';
import { StoreRoute } from './storage/store-route.js';
import { TimedStore } from './storage/timed-store.js';
import { Ticks } from './ticks.js';
import { DeadlineQueue, type DeadlineRing } from './timers/deadline-queue.js';
import { systemClock } from './timers/system-clock.js';
import { UnknownReceivers } from './users/unknown-receivers.js';
import type { StoredQueue } from './users/user.js';
import { UserRegistry } from './users/user-registry.js';

/**
 * Creates a server. It opens no port until `listen()`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`; the message names the option, what it must be and what it is.
 */
export function createServer(options: ServerOptions): ImServer {
  const runtime = createRuntime(options);
  const { transports, routes = [], retry = SERVER_RETRY, storeAfterMs = 1000 } = options;
  const store = options.store && new TimedStore(options.store, runtime, options.storeTimeoutMs ?? 10_000);
  const hooks = new HookRunner(runtime, options.hooks ?? {}, options.hookTimeoutMs ?? 10_000);
  const users = new UserRegistry(runtime);
  // A transport has metric samples before its first connection.
  for (const { transport } of transports) runtime.metrics.ofTransport(transport);

  // A message takes the first route that accepts it.
  const fallback = new FallbackRoute(runtime, hooks);
  const dispatcher = new Dispatcher(fallback);
  const ticks = new Ticks();
  const queueOf = (userId: string): StoredQueue | undefined => storeRoute?.queueOf(userId);
  const cluster =
    options.cluster &&
    store?.shared &&
    new ServerCluster(runtime, {
      ...{ cluster: options.cluster, store, shared: store.shared, users, queueOf, ticks },
      take: (userId, entry) => storeRoute?.entryElsewhere(userId, entry) ?? 'none',
      claimAdded: (claim) => devices?.claimAdded(claim),
      notify: (entry) => notifier.addLate(entry),
      notifierReady: () => notifier.room(),
      deliver: (body) => deliverPassed(runtime, users, local, fallback, body),
      giveUp: () => void server.close(),
      rejectNewUsers() {
        sessions.rejectNewUsers();
        for (const transport of transports) transport.stopListening?.();
      },
    });
  const notifier: OfflineNotifier = new OfflineNotifier(
    runtime,
    hooks,
    cluster && {
      has: (userId) => cluster.isElsewhere(userId),
      withhold: (userId, position) => cluster.withhold(userId, position),
    },
  );
  const isOnline = (userId: string, deviceId: string): boolean =>
    users.find(userId)?.findDevice(deviceId)?.session !== undefined ||
    cluster?.whereIs(userId).some((claim) => claim.deviceId === deviceId) === true;
  const devices =
    store && new Devices(runtime, { store, users, cluster, isOnline, policy: options.sessions ?? {} });
  const storeRoute: StoreRoute | undefined =
    store &&
    new StoreRoute(runtime, {
      ...{ store, users, dispatcher, fallback, notifier, retry, storeAfterMs, ticks },
      v6LoggedIn: (user) => devices?.v6LoggedIn(user),
      onAppended: cluster && ((userId, entry) => cluster.appended(userId, entry)),
    });
  const inFlight = storeRoute ?? new UnstoredInFlight(runtime, retry, fallback);
  const look = cluster && mustLook(queueOf);
  const local: LocalRoute = new LocalRoute(runtime, inFlight, storeRoute !== undefined, look);
  const remote = cluster && storeRoute && new ClusterRoute(cluster, storeRoute);
  dispatcher.use([local, remote, ...routes, storeRoute].filter((route) => route !== undefined));

  // A message that is too large for every transport can be sent only if another route may accept it.
  const maxBodyBytes = Math.max(...transports.map(({ maxSendBytes }) => maxSendBytes));
  const messages = new ServerMessages(
    runtime,
    users,
    dispatcher,
    routes.length > 0 || cluster !== undefined ? Number.POSITIVE_INFINITY : maxBodyBytes,
  );

  // A packet is handled by the handler of its type.
  const answers = new Answers(runtime.stamp);
  const reports = new PeerReports(runtime);
  const proxies = new TrustedProxies(options.trustedProxies);
  const checks = new AddressChecks(runtime.random);
  const addresses = new AddressTable({
    ...runtime.limits,
    isExempt: (address) => proxies.includes(address),
  });
  const feeds =
    storeRoute &&
    devices &&
    new Feeds({
      ...{ runtime, store: storeRoute.store, writer: storeRoute.writer, devices },
    });
  const handlers = createHandlers(
    runtime,
    users,
    hooks,
    dispatcher,
    local,
    checks,
    answers,
    reports,
    messages.toSender,
    store && new UnknownReceivers(runtime.limits.unknownReceiversPerHour),
    cluster,
    feeds,
    options.handlers ?? {},
  );
  const stallDeadlines = createStallDeadlines(runtime);
  const sessions = new SessionRegistry(
    { runtime, answers, checks, users, local, reports, handlers, stallDeadlines, cluster },
    new Admission(runtime, addresses, new OpenFiles()),
    proxies,
  );

  const host = createRouteHost(runtime, users, dispatcher, fallback, storeRoute, cluster);
  for (const route of routes) route.init?.(host);
  const server: ImServer = new ImServer(runtime, {
    ...{ transports, routes, users, dispatcher, sessions, messages, store, storeRoute, cluster, devices },
  });
  return server;
}

function createRuntime(options: ServerOptions): Runtime {
  const limits = checkOptions(options);
  const { clock = systemClock, random = createSecureRandom(), logger = consoleLogger } = options;
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
  const timers = new DeadlineQueue(clock, (ms) => {
    metrics.pauses += 1;
    events.emit('paused', { ms });
  });
  const underWay = new BytesUnderWay(metrics, limits.maxBytesUnderWay);
  return { clock, random, timers, events, metrics, limits, underWay, logger, stamp, reportBug };
}

/** Creates the deadlines at which slow readers are checked. */
function createStallDeadlines({ timers, limits, clock }: Runtime): DeadlineRing {
  const deadlines: DeadlineRing = timers.ring<SlowReader>(limits.stallTimeoutMs, (reader) =>
    reader.check(deadlines, clock.now()),
  );
  return deadlines;
}
