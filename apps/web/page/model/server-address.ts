/** The content of `config.json`: the server, as configured by the program that serves the page. */
export interface PageConfig {
  readonly webSocket:
    | { readonly url: string }
    | { readonly port: number; readonly path?: string; readonly secure?: boolean };
  readonly tokenRequired: boolean;
  readonly otherServers: boolean;
}

/** The part of `window.location` that is used. */
export interface PageLocation {
  readonly protocol: string;
  readonly hostname: string;
}

/** Parses `config.json`. Returns undefined if it is invalid. */
export function readConfig(value: unknown): PageConfig | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { webSocket, tokenRequired, otherServers } = value as Record<string, unknown>;
  if (typeof webSocket !== 'object' || webSocket === null) return undefined;
  const { url, port, path, secure } = webSocket as Record<string, unknown>;
  const flags = { tokenRequired: tokenRequired === true, otherServers: otherServers === true };
  if (typeof url === 'string') return { webSocket: { url }, ...flags };
  if (typeof port !== 'number') return undefined;
  return {
    webSocket: {
      port,
      ...(typeof path === 'string' && { path }),
      ...(typeof secure === 'boolean' && { secure }),
    },
    ...flags,
  };
}

/** Returns the default server address of the form. */
export function defaultServer({ webSocket }: PageConfig, { protocol, hostname }: PageLocation): string {
  if ('url' in webSocket) return webSocket.url;
  const { port, path = '/websocket', secure = protocol === 'https:' } = webSocket;
  return `${secure ? 'wss' : 'ws'}://${hostname}:${port}${path}`;
}

/** Completes an address: adds a missing scheme and the default path `/websocket`. Returns undefined if it is invalid. */
export function normalizeServer(text: string, { protocol }: PageLocation): string | undefined {
  const typed = text.trim();
  const scheme = protocol === 'https:' ? 'wss' : 'ws';
  const url = parse(/^[a-z]+:\/\//i.test(typed) ? typed : `${scheme}://${typed}`);
  if (url === undefined || (url.protocol !== 'ws:' && url.protocol !== 'wss:') || url.hostname === '')
    return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  url.hash = '';
  if (url.pathname === '/') url.pathname = '/websocket';
  return url.href;
}

/** Returns whether the page may connect to a server: its own host, the configured server, or any with `otherServers`. */
export function isAllowed(server: string, config: PageConfig, { hostname }: PageLocation): boolean {
  if (config.otherServers) return true;
  const url = new URL(server);
  if ('url' in config.webSocket) return url.origin === new URL(config.webSocket.url).origin;
  return url.hostname === hostname;
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
