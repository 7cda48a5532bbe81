import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import {
  type Bridge,
  createServer,
  type Gateway,
  type Hooks,
  type ImServer,
  type Logger,
  type MessageStore,
  type TcpGateway,
  tcp,
  udp,
  type WebSocketGateway,
  websocket,
} from '@imcore/server';
import { CommandError, messageOf } from '../command-error.js';
import type { ServeSettings } from './settings.js';

/** The code that a login with a wrong token is refused with: the first that belongs to applications. */
export const WRONG_TOKEN = 1025;

/** A server as the settings have it, and what can be changed while it runs. */
export interface AssembledServer {
  readonly server: ImServer;
  /** Reads certificate and key again: new connections use them. Without effect where there is no TLS. */
  reloadTls(): void;
}

/** @throws CommandError when certificate and key cannot be used. */
export function assembleServer(
  settings: ServeSettings,
  store: MessageStore | undefined,
  logger: Logger,
  bridge?: Bridge,
): AssembledServer {
  const secure: (TcpGateway | WebSocketGateway)[] = [];
  const server = createServer({
    gateways: gatewaysOf(settings, secure),
    hooks: hooksOf(settings),
    limits: settings.limits,
    stampServerTime: settings.serverTimestamp,
    logger,
    store,
    bridge,
  });
  return {
    server,
    reloadTls() {
      const tls = readTls(settings);
      if (tls !== undefined) for (const gateway of secure) gateway.reloadTls(tls);
    },
  };
}

function gatewaysOf(settings: ServeSettings, secure: (TcpGateway | WebSocketGateway)[]): Gateway[] {
  const { host, tcpPort, udpPort, wsPort, wsPath, senseMode } = settings;
  const tls = readTls(settings);
  const common = { host, senseMode };
  const wrapped = { ...common, tls };
  const gateways: Gateway[] = [];
  if (tcpPort !== 'off') secure.push(tcp({ ...wrapped, port: tcpPort }));
  if (wsPort !== 'off') secure.push(websocket({ ...wrapped, port: wsPort, path: wsPath }));
  gateways.push(...secure);
  if (udpPort !== 'off') gateways.push(udp({ ...common, port: udpPort }));
  return gateways;
}

function hooksOf({ token }: ServeSettings): Hooks {
  if (token === undefined) return {};
  const expected = Buffer.from(token);
  return {
    authenticate(login) {
      const given = Buffer.from(login.token ?? '');
      const isRight = given.length === expected.length && timingSafeEqual(given, expected);
      return isRight ? { accept: true } : { accept: false, code: WRONG_TOKEN };
    },
  };
}

export function readTls({
  tlsCert,
  tlsKey,
}: Pick<ServeSettings, 'tlsCert' | 'tlsKey'>): { cert: Buffer; key: Buffer } | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const pair = { cert: readPem('tlsCert', tlsCert), key: readPem('tlsKey', tlsKey) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    throw new CommandError(
      `certificate and key cannot be used: ${messageOf(cause)}`,
      'tlsCert and tlsKey must be PEM files that belong together.',
      { cause },
    );
  }
  return pair;
}

function readPem(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CommandError(`${name} cannot be read: ${messageOf(cause)}`, undefined, { cause });
  }
}
