import { UsageError } from './errors.js';
import { type OptionNames, rejectUnknown, requireInteger } from './options-check.js';
import { platform } from './platform.js';
import type { Transport } from './transport.js';
import { webSocketLink } from './websocket-link.js';

/** Maximum packet size of an original server over WebSocket, in bytes. */
export const DEFAULT_MAX_WEBSOCKET_BYTES = 65_536;

/** Options of the WebSocket transport. */
export interface WebSocketOptions {
  /** `ws://…` or `wss://…`; the original server's path is `/websocket`. */
  readonly url: string;
  /** Maximum size of a sent packet, in UTF-8 bytes. Default 65 536, the maximum of an original server. */
  readonly maxSendBytes?: number | undefined;
}

const OPTIONS: OptionNames<WebSocketOptions> = { url: true, maxSendBytes: true };

/**
 * Creates a transport over the platform's WebSocket: browsers, workers, Node.js 22 and later.
 *
 * @throws UsageError `ERR_INVALID_OPTION` for an invalid option, or if the platform has no WebSocket.
 */
export function websocket(options: WebSocketOptions): Transport {
  rejectUnknown(options, OPTIONS);
  const url = requireWebSocketUrl(options.url);
  const maxSendBytes = requireInteger(
    'maxSendBytes',
    options.maxSendBytes,
    DEFAULT_MAX_WEBSOCKET_BYTES,
    1,
    0x7fffffff,
  );
  const { WebSocket } = platform;
  if (WebSocket === undefined) {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      'this platform has no WebSocket; on Node.js 20 import from @imcore/client/node',
    );
  }
  return {
    kind: 'websocket',
    maxSendBytes,
    maxReceiveBytes: DEFAULT_MAX_WEBSOCKET_BYTES,
    connect: (handler) => webSocketLink(new WebSocket(url), handler),
  };
}

/** Returns a valid WebSocket URL. @throws UsageError `ERR_INVALID_OPTION` */
export function requireWebSocketUrl(url: unknown): string {
  if (typeof url === 'string' && /^wss?:\/\/[^/]/.test(url)) return url;
  throw new UsageError('ERR_INVALID_OPTION', `url must begin with ws:// or wss://, got ${String(url)}`);
}
