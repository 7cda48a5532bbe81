/** The server's WebSocket address: a full URL, or a port on the host that serves the page. */
export type WebSocketAddress =
  | {
      /** `ws://…` or `wss://…`, with the path. */
      readonly url: string;
    }
  | {
      readonly port: number;
      /** Default `/websocket`. */
      readonly path?: string | undefined;
      /** Whether to use `wss`. Default: true if the page was loaded over HTTPS. */
      readonly secure?: boolean | undefined;
    };

/** A host name or IPv4 address that is valid in a Content-Security-Policy. */
const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

/**
 * Returns the Content-Security-Policy of the page: scripts, styles and images only from its own origin, no framing, and
 * no HTML from strings. WebSockets may connect to the server in `address`, and to any port of the host that served the
 * page, because port forwarding may change the port.
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
  // A policy cannot contain an IPv6 address.
  if (/^\[[\da-f:.]+\]$/i.test(host)) return 'ws: wss:';
  return HOST_NAME.test(host) ? `ws://${host}:* wss://${host}:*` : '';
}
