import type { GatewayAddress } from '@imcore/server';
import type { ServeSettings } from './settings.js';

type BannerSettings = Pick<ServeSettings, 'store' | 'token' | 'tlsCert' | 'wsPath'>;

/** What a person is told when the server is up: where it listens, what it does not keep, how to try it. */
export function banner(addresses: readonly GatewayAddress[], settings: BannerSettings): string {
  const urls = addresses.map((address) => `  ${urlOf(address, settings)}`);
  const notes = [storeNote(settings.store), loginNote(settings.token)].map((note) => `  ${note}`);
  return ['imcore is listening on', ...urls, '', ...notes, '', ...howToTry(addresses, settings), ''].join(
    '\n',
  );
}

/** The address as a URL that clients can use; `0.0.0.0` stays as it is. */
export function urlOf(
  { transport, host, port }: GatewayAddress,
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
  return `Messages for users who are offline wait in ${store}.`;
}

function loginNote(token: string | undefined): string {
  return token === undefined
    ? 'Everyone may log in under any name. Set --token, or check tokens in your own code with @imcore/server.'
    : 'A login must bring the token.';
}

function howToTry(addresses: readonly GatewayAddress[], settings: BannerSettings): string[] {
  const plain = settings.tlsCert === undefined ? addresses[0] : undefined;
  if (plain === undefined) return ['Ctrl+C stops it.'];
  const local = { ...plain, host: plain.host === '0.0.0.0' ? '127.0.0.1' : plain.host };
  const token = settings.token === undefined ? '' : ' --token …';
  const command = (user: string, to: string) =>
    `  npx imcore chat --user ${user} --to ${to} --url ${urlOf(local, settings)}${token}`;
  return [
    'Try it in two other terminals:',
    command('alice', 'bob'),
    command('bob', 'alice'),
    '',
    'Ctrl+C stops it.',
  ];
}
