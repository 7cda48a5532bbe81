import { UsageError } from './errors.js';
import { type OptionNames, rejectUnknown, requireInteger } from './options-check.js';
import { platform } from './platform.js';
import type { Transport } from './transport.js';
import { webSocketLink } from './websocket-link.js';

/** Largest packet that an original server takes over WebSocket, in bytes. */
export const DEFAULT_MAX_WEBSOCKET_BYTES = 65_536;

/** Where a WebSocket leads, and what it carries. */
export interface WebSocketOptions {
  /** `ws://…` or `wss://…`; the original server's path is `/websocket`. */
  readonly url: string;
  /** Largest packet that is sent, in UTF-8 bytes. Default 65 536, what an original server takes. */
  readonly maxSendBytes?: number | undefined;
}

const OPTIONS: OptionNames<WebSocketOptions> = { url: true, maxSendBytes: true };

/**
 * The WebSocket of the platform: browsers, workers, Node from version 22 on.
 *
 * @throws UsageError `ERR_INVALID_OPTION` for an option out of bounds, and where the platform has no WebSocket.
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
      'this platform has no WebSocket; on Node 20 use createClient or websocket of @imcore/client/node',
    );
  }
  return {
    kind: 'websocket',
    maxSendBytes,
    connect: (handler) => webSocketLink(new WebSocket(url), handler),
  };
}

/** Returns the URL of a WebSocket, or throws a {@link UsageError} that says what is wrong with it. */
export function requireWebSocketUrl(url: unknown): string {
  if (typeof url === 'string' && /^wss?:\/\/[^/]/.test(url)) return url;
  throw new UsageError('ERR_INVALID_OPTION', `url must begin with ws:// or wss://, found ${String(url)}`);
}
