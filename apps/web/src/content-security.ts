/** Where the page finds its server: a whole URL, or a port on the host that the page itself came from. */
export type WebSocketAddress =
  | {
      /** `ws://…` or `wss://…`, with the path. */
      readonly url: string;
    }
  | {
      readonly port: number;
      /** Default `/websocket`. */
      readonly path?: string | undefined;
      /** Whether it is `wss`. Default: as the page came, over HTTPS or not. */
      readonly secure?: boolean | undefined;
    };

/** A host name or IPv4 address as a Content-Security-Policy can name it. */
const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

/**
 * The Content-Security-Policy of the page: scripts, styles and pictures from its own server alone, nothing from
 * elsewhere, no frames around it, and texts never become markup. WebSockets may go to the server named in `address`
 * and to other ports of the host that served the page: a port is what changes where doors are forwarded.
 */
export function contentSecurityPolicy(
  address: WebSocketAddress,
  hostHeader: string | undefined,
  otherServers: boolean,
): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${webSocketSources(address, hostHeader, otherServers)}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function webSocketSources(
  address: WebSocketAddress,
  hostHeader: string | undefined,
  otherServers: boolean,
): string {
  if (otherServers) return 'ws: wss:';
  if ('url' in address) return new URL(address.url).origin;
  const host = (hostHeader ?? '').replace(/:\d*$/, '');
  // A policy cannot name an IPv6 address.
  if (/^\[[\da-f:.]+\]$/i.test(host)) return 'ws: wss:';
  return HOST_NAME.test(host) ? `ws://${host}:* wss://${host}:*` : '';
}
