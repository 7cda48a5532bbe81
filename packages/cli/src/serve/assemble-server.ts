import { timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type Hooks,
  type ImServer,
  type Logger,
  type MessageStore,
  type Route,
  type ServerTransport,
  type TcpTransport,
  tcp,
  udp,
  type WebSocketTransport,
  websocket,
} from '@imcore/server';
import { readTls } from './read-tls.js';
import type { ServeSettings } from './settings.js';

/** Code of a login that is rejected for its token: the first code that applications can define. */
const WRONG_TOKEN = 1025;

/** A server built from the settings. */
export interface AssembledServer {
  readonly server: ImServer;
  /** Reloads certificate and key for new connections. Does nothing without TLS. */
  reloadTls(): void;
}

/** @throws CommandError when certificate and key cannot be used. */
export function assembleServer(
  settings: ServeSettings,
  store: MessageStore | undefined,
  logger: Logger,
  bridge?: Route,
): AssembledServer {
  const secure: (TcpTransport | WebSocketTransport)[] = [];
  const server = createServer({
    transports: transportsOf(settings, secure),
    hooks: hooksOf(settings),
    limits: settings.limits,
    trustedProxies: settings.trustedProxies,
    stampServerTime: settings.serverTimestamp,
    logger,
    store,
    routes: bridge === undefined ? [] : [bridge],
  });
  return {
    server,
    reloadTls() {
      const tls = readTls(settings);
      if (tls !== undefined) for (const transport of secure) transport.reloadTls(tls);
    },
  };
}

function transportsOf(
  settings: ServeSettings,
  secure: (TcpTransport | WebSocketTransport)[],
): ServerTransport[] {
  const { host, tcpPort, udpPort, wsPort, senseMode } = settings;
  const tls = readTls(settings);
  const common = { host, senseMode };
  const wrapped = { ...common, tls };
  const transports: ServerTransport[] = [];
  if (tcpPort !== 'off')
    secure.push(tcp({ ...wrapped, port: tcpPort, proxyProtocol: settings.tcpProxyProtocol }));
  if (wsPort !== 'off')
    secure.push(
      websocket({
        ...wrapped,
        port: wsPort,
        path: settings.wsPath,
        origins: settings.wsOrigins,
        forwardedHeader: settings.wsForwardedHeader,
      }),
    );
  transports.push(...secure);
  if (udpPort !== 'off') transports.push(udp({ ...common, port: udpPort }));
  return transports;
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
