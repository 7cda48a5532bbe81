import type { TransportAddress } from '@imcore/server';
import { isLoopback } from './rest/access-guard.js';
import type { DemoSettings } from './settings.js';

/** The running program. */
export interface Running {
  readonly addresses: readonly TransportAddress[];
  readonly httpPort: number;
  readonly settings: DemoSettings;
  /** Whether anyone can log in. */
  readonly isOpen: boolean;
  /** Whether the chat page is built. */
  readonly hasChat: boolean;
}

/** The text shown when the program has started: addresses, warnings, and commands to try. */
export function banner(running: Running): string {
  const { settings, httpPort, hasChat } = running;
  const url = `http://${reachable(settings.httpHost)}:${httpPort}`;
  const key = settings.apiKey === undefined ? '' : ` -H 'x-api-key: …'`;
  return [
    '',
    'imcore demo is running:',
    `  Swagger      ${url}/swagger-ui.html`,
    `  ${hasChat ? 'Chat page    ' : 'Start page   '}${url}/`,
    `  Callbacks    ${url}/api/messages`,
    ...running.addresses.map(
      (address) => `  ${(NAMES[address.transport] ?? address.transport).padEnd(13)}${urlOf(address)}`,
    ),
    '',
    `  ${storeNote(settings.store)}`,
    ...warnings(running).map((warning) => `  WARNING: ${warning}`),
    '',
    'Try it in another terminal:',
    `  curl${key} -d 'username=admin&password=123456' ${url}/api/loginConnect`,
    `  curl${key} -d 'friendId=admin&msg=Hello' ${url}/api/sendMsg`,
    `  curl${key} '${url}/api/messages?user=admin&follow=false'`,
    ...chatTry(running),
    '',
    'Press Ctrl+C to stop.',
    '',
  ].join('\n');
}

const NAMES: Readonly<Record<string, string>> = { udp: 'UDP', tcp: 'TCP', websocket: 'WebSocket' };

function urlOf({ transport, host, port }: TransportAddress): string {
  if (transport === 'websocket') return `ws://${host}:${port}/websocket`;
  return `${transport}://${host}:${port}`;
}

function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function storeNote(store: string): string {
  if (store === 'none') return 'Messages to offline users are not stored.';
  if (store === 'memory') return 'Messages to offline users are stored in memory only.';
  return `Messages to offline users are stored in ${store}.`;
}

function warnings({ isOpen, settings }: Running): string[] {
  const { httpHost, apiKey } = settings;
  return [
    ...(isOpen
      ? ['anyone can log in with any user ID. Set IMCORE_USERS=name:password,… or IMCORE_USERS_FILE.']
      : []),
    ...(apiKey === undefined && !isLoopback(httpHost)
      ? [`anyone who can reach ${httpHost} can act as any user. Set IMCORE_API_KEY.`]
      : []),
  ];
}

function chatTry({ addresses }: Running): string[] {
  const webSocket = addresses.find(({ transport }) => transport === 'websocket');
  if (webSocket === undefined) return [];
  const { host, port } = webSocket;
  const address = port === 3000 ? '--transport ws' : `--url ws://${reachable(host)}:${port}/websocket`;
  return [`  npx imcore chat --user bob --to admin ${address}`];
}
