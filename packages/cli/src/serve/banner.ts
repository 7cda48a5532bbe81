import type { TransportAddress } from '@imcore/server';
import { canSharePort } from '@imcore/server/transport-kit';
import { ELSEWHERE, shownBridge } from './open-bridge.js';
import { shownCluster } from './open-cluster.js';
import { shownStore } from './open-store.js';
import type { ServeSettings } from './settings.js';

type BannerSettings = Pick<
  ServeSettings,
  'store' | 'token' | 'tlsCert' | 'wsPath' | 'bridge' | 'cluster' | 'clusterName' | 'workers' | 'udpPort'
>;

/** Default addresses of `imcore chat`, and the flags that select them. */
const SHORT_FLAGS: Readonly<Record<string, string>> = {
  'tcp://127.0.0.1:8901': '',
  'ws://127.0.0.1:3000/websocket': ' --transport ws',
  'udp://127.0.0.1:7901': ' --transport udp',
};

/** The text shown when the server has started: its addresses, how it stores messages, how to try it. */
export function banner(
  addresses: readonly TransportAddress[],
  settings: BannerSettings,
  pageUrl?: string,
  nodeId?: string,
): string {
  const urls = addresses.map((address) => `  ${urlOf(address, settings)}`);
  const { store, token, bridge } = settings;
  const notes = [
    storeNote(store),
    loginNote(token),
    ...bridgeNote(bridge),
    ...clusterNote(settings, nodeId),
    ...workersNote(settings),
  ].map((note) => `  ${note}`);
  const page = pageUrl === undefined ? [] : [`Chat page: ${pageUrl}`, ''];
  const lines = ['imcore is listening on', ...urls, '', ...notes, '', ...page];
  return [...lines, ...howToTry(addresses, settings), ''].join('\n');
}

/** The address as a URL for clients. Does not replace `0.0.0.0`. */
export function urlOf(
  { transport, host, port }: TransportAddress,
  { tlsCert, wsPath }: Pick<ServeSettings, 'tlsCert' | 'wsPath'>,
): string {
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const isSecure = tlsCert !== undefined;
  if (transport === 'udp') return `udp://${at}`;
  if (transport === 'tcp') return `${isSecure ? 'tls' : 'tcp'}://${at}`;
  return `${isSecure ? 'wss' : 'ws'}://${at}${wsPath}`;
}

function storeNote(store: string): string {
  if (store === 'none')
    return 'Messages to offline users are not stored, and their senders get no acknowledgement.';
  if (store === 'memory') {
    return 'Messages to offline users are stored in memory only and lost when this process ends.';
  }
  return `Messages to offline users are stored in ${shownStore(store)}.`;
}

function bridgeNote(url: string | undefined): string[] {
  if (url === undefined) return [];
  if (url === ELSEWHERE) return ['Another node of the cluster has the bridge.'];
  return [`The bridge connects to ${shownBridge(url)} in the background. See the log for its state.`];
}

function workersNote({ workers, udpPort }: Pick<BannerSettings, 'workers' | 'udpPort'>): string[] {
  if (workers === 0) return [];
  const holders = workers === 1 ? 'One worker process holds' : `${workers} worker processes hold`;
  const isShared = workers === 1 || canSharePort(process.versions.node);
  return [`${holders} the connections.${udpPort === 'off' || isShared ? '' : ' Worker 1 has UDP.'}`];
}

function clusterNote(settings: BannerSettings, nodeId: string | undefined): string[] {
  if (nodeId === undefined) return [];
  return [`This is node ${nodeId} of the cluster ${settings.clusterName}, over ${shownCluster(settings)}.`];
}

function loginNote(token: string | undefined): string {
  return token === undefined
    ? 'Anyone can log in with any user ID. Set --token, or check tokens in your own code with @imcore/server.'
    : 'Every login must send the token.';
}

function howToTry(addresses: readonly TransportAddress[], settings: BannerSettings): string[] {
  const [first] = settings.tlsCert === undefined ? addresses : [];
  if (first === undefined) return ['Press Ctrl+C to stop.'];
  const second = addresses.find(({ transport }) => transport === 'websocket') ?? first;
  const token = settings.token === undefined ? '' : ' --token …';
  const command = (user: string, to: string, address: TransportAddress) =>
    `  npx imcore chat --user ${user} --to ${to}${flagsOf(address, settings)}${token}`;
  return [
    'Try it in two other terminals:',
    command('alice', 'bob', first),
    command('bob', 'alice', second),
    '',
    'Press Ctrl+C to stop.',
  ];
}

/** The flags with which `imcore chat` connects to this address from the same machine; empty for its default. */
function flagsOf(address: TransportAddress, settings: BannerSettings): string {
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host;
  const url = urlOf({ ...address, host }, settings);
  return SHORT_FLAGS[url] ?? ` --url ${url}`;
}
