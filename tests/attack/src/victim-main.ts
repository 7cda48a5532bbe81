import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createServer, memoryStore, silentLogger, tcp, udp, websocket } from '@imcore/server';
import { sqliteStore } from '@imcore/store-sqlite';
import { silencedStore } from './silenced-store.js';
import type { VictimOptions, VictimState } from './victim.js';

/** The server under attack: `node victim-main.js OPTIONS`, with the options as JSON. Reports its state when it is asked. */
const options = JSON.parse(process.argv[2] ?? '{}') as VictimOptions;
const { limits, store, tls, senseMode = 15, exemptsLoopback = false, proxyProtocol } = options;
const trustedProxies = options.trustedProxies ?? (exemptsLoopback ? undefined : []);
const silenced = silencedStore(memoryStore());
const listenOn = { host: '127.0.0.1', port: 0, senseMode };
const server = createServer({
  transports: [tcp({ ...listenOn, tls, proxyProtocol }), udp(listenOn), websocket({ ...listenOn, tls })],
  store: openStore(),
  limits,
  logger: silentLogger,
  trustedProxies,
});

const limited: Record<string, number> = {};
const errors: Record<string, number> = {};
server.on('limited', ({ limit }) => {
  limited[limit] = (limited[limit] ?? 0) + 1;
});
server.on('error', (error) => {
  const name = 'code' in error ? String(error.code) : error.message;
  errors[name] = (errors[name] ?? 0) + 1;
});
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

process.on('message', (command) => {
  if (command === 'silence') return silenced.silence();
  if (command === 'answer') return silenced.answer();
  const state: VictimState = {
    metrics: server.metrics(),
    limited,
    errors,
    maxLoopDelayMs: delay.max / 1e6,
  };
  delay.reset();
  process.send?.(state);
});
process.on('disconnect', () => process.exit(0));

const [tcpAddress, udpAddress, webSocketAddress] = await server.listen();
process.send?.({ tcp: tcpAddress?.port, udp: udpAddress?.port, ws: webSocketAddress?.port });

function openStore() {
  if (store === undefined || store === 'none') return undefined;
  if (store === 'silent') return silenced.store;
  return store === 'memory' ? memoryStore() : sqliteStore(store);
}
