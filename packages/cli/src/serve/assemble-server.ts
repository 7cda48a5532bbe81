import { timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type Hooks,
  type ImServer,
  type Logger,
  type MessageStore,
  type Route,
  type ServerTransport,
  type TcpOptions,
  tcp,
  type UdpOptions,
  udp,
  type WebSocketOptions,
  websocket,
} from '@imcore/server';
import type { Cluster } from '@imcore/server/ports';
import { type Workers, workers } from '@imcore/workers';
import { readTls } from './read-tls.js';
import type { ServeSettings } from './settings.js';

/** Code of a login that is rejected for its token: the first code that applications can define. */
const WRONG_TOKEN = 1025;

/** A server built from the settings. */
export interface AssembledServer {
  readonly server: ImServer;
  /** The worker processes; undefined if this process holds the connections. */
  readonly workers: Workers | undefined;
  /** Reloads certificate and key for new connections. Does nothing without TLS. */
  reloadTls(): void;
}

/** @throws CommandError when certificate and key cannot be used. */
export function assembleServer(
  settings: ServeSettings,
  store: MessageStore | undefined,
  logger: Logger,
  bridge?: Route,
  cluster?: Cluster,
): AssembledServer {
  const listeners = settings.workers === 0 ? ownListeners(settings) : workerListeners(settings, logger);
  const server = createServer({
    transports: listeners.transports,
    hooks: hooksOf(settings),
    limits: settings.limits,
    sessions: { policy: settings.sessions, v6: settings.v6Sessions, maxDevices: settings.maxDevices },
    trustedProxies: settings.trustedProxies,
    stampServerTime: settings.serverTimestamp,
    logger,
    store,
    cluster,
    routes: bridge === undefined ? [] : [bridge],
  });
  return {
    server,
    workers: listeners.workers,
    reloadTls() {
      const tls = readTls(settings);
      if (tls !== undefined) listeners.reloadTls(tls);
    },
  };
}

type Tls = NonNullable<ReturnType<typeof readTls>>;

/** The transports of the server, in this process or in workers. */
interface Listeners {
  readonly transports: readonly ServerTransport[];
  readonly workers: Workers | undefined;
  reloadTls(tls: Tls): void;
}

function ownListeners(settings: ServeSettings): Listeners {
  const options = transportOptions(settings);
  const secure = [options.tcp && tcp(options.tcp), options.websocket && websocket(options.websocket)].filter(
    (transport) => transport !== undefined,
  );
  const transports = options.udp === undefined ? secure : [...secure, udp(options.udp)];
  return {
    transports,
    workers: undefined,
    reloadTls(tls) {
      for (const transport of secure) transport.reloadTls(tls);
    },
  };
}

function workerListeners(settings: ServeSettings, logger: Logger): Listeners {
  const options = transportOptions(settings);
  if (Object.values(options).every((transport) => transport === undefined)) return ownListeners(settings);
  const group = workers({
    ...options,
    count: settings.workers,
    trustedProxies: settings.trustedProxies,
    onWorker({ worker, pid, state }) {
      // The server's event `error` has the reason of a loss, and is logged.
      if (state === 'listening') logger.info({ worker, pid }, 'a worker listens');
    },
  });
  return { transports: group.transports, workers: group, reloadTls: (tls) => group.reloadTls(tls) };
}

/** The options of the transports; undefined for those that are off. */
function transportOptions(settings: ServeSettings): {
  readonly tcp: TcpOptions | undefined;
  readonly websocket: Omit<WebSocketOptions, 'server'> | undefined;
  readonly udp: UdpOptions | undefined;
} {
  const { host, tcpPort, udpPort, wsPort, senseMode } = settings;
  const common = { host, senseMode };
  const wrapped = { ...common, tls: readTls(settings) };
  return {
    tcp:
      tcpPort === 'off' ? undefined : { ...wrapped, port: tcpPort, proxyProtocol: settings.tcpProxyProtocol },
    websocket:
      wsPort === 'off'
        ? undefined
        : {
            ...wrapped,
            port: wsPort,
            path: settings.wsPath,
            origins: settings.wsOrigins,
            forwardedHeader: settings.wsForwardedHeader,
          },
    udp: udpPort === 'off' ? undefined : { ...common, port: udpPort },
  };
}

function hooksOf({ token }: ServeSettings): Hooks {
  if (token === undefined) return {};
  const expected = Buffer.from(token);
  return {
    authenticate(login) {
      const given = Buffer.from(login.token ?? '');
      const isValid = given.length === expected.length && timingSafeEqual(given, expected);
      return isValid ? { accept: true } : { accept: false, code: WRONG_TOKEN };
    },
  };
}
