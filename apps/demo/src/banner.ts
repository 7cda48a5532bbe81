import type { TransportAddress } from '@imcore/server';
import { isLoopback } from './rest/access-guard.js';
import type { DemoSettings } from './settings.js';

/** What is running, and where. */
export interface Running {
  readonly addresses: readonly TransportAddress[];
  readonly httpPort: number;
  readonly settings: DemoSettings;
  /** Whether everybody may log in. */
  readonly isOpen: boolean;
  /** Whether the chat page is there. */
  readonly hasChat: boolean;
}

/** What a person is told when everything is up: where it is, what it does not protect, what to try. */
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
    'Ctrl+C stops it.',
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
  if (store === 'none') return 'Messages for users who are offline are not kept.';
  if (store === 'memory') return 'Messages for users who are offline wait in memory only.';
  return `Messages for users who are offline wait in ${store}.`;
}

function warnings({ isOpen, settings }: Running): string[] {
  const { httpHost, apiKey } = settings;
  return [
    ...(isOpen
      ? ['everybody may log in under any name. Set IMCORE_USERS=name:password,… or IMCORE_USERS_FILE.']
      : []),
    ...(apiKey === undefined && !isLoopback(httpHost)
      ? [`whoever reaches ${httpHost} may act for everybody. Set IMCORE_API_KEY.`]
      : []),
  ];
}

function chatTry({ addresses }: Running): string[] {
  const door = addresses.find(({ transport }) => transport === 'websocket');
  if (door === undefined) return [];
  const address =
    door.port === 3000 ? '--transport ws' : `--url ws://${reachable(door.host)}:${door.port}/websocket`;
  return [`  npx imcore chat --user bob --to admin ${address}`];
}
