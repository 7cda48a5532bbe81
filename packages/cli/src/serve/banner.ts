import type { TransportAddress } from '@imcore/server';
import { shownBridge } from './open-bridge.js';
import { shownStore } from './open-store.js';
import type { ServeSettings } from './settings.js';

type BannerSettings = Pick<ServeSettings, 'store' | 'token' | 'tlsCert' | 'wsPath' | 'bridge'>;

/** The addresses that `imcore chat` knows by itself, and how it is told to use them. */
const SHORT_FLAGS: Readonly<Record<string, string>> = {
  'tcp://127.0.0.1:8901': '',
  'ws://127.0.0.1:3000/websocket': ' --transport ws',
  'udp://127.0.0.1:7901': ' --transport udp',
};

/** What a person is told when the server is up: where it listens, what it does not keep, how to try it. */
export function banner(
  addresses: readonly TransportAddress[],
  settings: BannerSettings,
  pageUrl?: string,
): string {
  const urls = addresses.map((address) => `  ${urlOf(address, settings)}`);
  const { store, token, bridge } = settings;
  const notes = [storeNote(store), loginNote(token), ...bridgeNote(bridge)].map((note) => `  ${note}`);
  const page = pageUrl === undefined ? [] : [`The chat page: ${pageUrl}`, ''];
  const lines = ['imcore is listening on', ...urls, '', ...notes, '', ...page];
  return [...lines, ...howToTry(addresses, settings), ''].join('\n');
}

/** The address as a URL that clients can use; `0.0.0.0` stays as it is. */
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
    return 'Messages for users who are offline are not kept: their senders are not acknowledged.';
  if (store === 'memory') {
    return 'Messages for users who are offline wait in memory only: they are lost when this process ends.';
  }
  return `Messages for users who are offline wait in ${shownStore(store)}.`;
}

function bridgeNote(url: string | undefined): string[] {
  if (url === undefined) return [];
  return [`The bridge to ${shownBridge(url)} joins by itself, as soon as there is a broker: see the log.`];
}

function loginNote(token: string | undefined): string {
  return token === undefined
    ? 'Everyone may log in under any name. Set --token, or check tokens in your own code with @imcore/server.'
    : 'A login must bring the token.';
}

function howToTry(addresses: readonly TransportAddress[], settings: BannerSettings): string[] {
  const [first] = settings.tlsCert === undefined ? addresses : [];
  if (first === undefined) return ['Ctrl+C stops it.'];
  const second = addresses.find(({ transport }) => transport === 'websocket') ?? first;
  const token = settings.token === undefined ? '' : ' --token …';
  const command = (user: string, to: string, address: TransportAddress) =>
    `  npx imcore chat --user ${user} --to ${to}${flagsOf(address, settings)}${token}`;
  return [
    'Try it in two other terminals:',
    command('alice', 'bob', first),
    command('bob', 'alice', second),
    '',
    'Ctrl+C stops it.',
  ];
}

/** What `imcore chat` must be told to find this address on the same machine: nothing where it looks by itself. */
function flagsOf(address: TransportAddress, settings: BannerSettings): string {
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host;
  const url = urlOf({ ...address, host }, settings);
  return SHORT_FLAGS[url] ?? ` --url ${url}`;
}
