import type { ConnectionOptions } from 'node:tls';
import { LinkError } from '../errors.js';
import { type OptionNames, rejectUnknown, requireInteger } from '../options-check.js';
import type { Link, LinkHandler, Transport } from '../transport.js';
import { webSocketLink } from '../websocket-link.js';
import {
  DEFAULT_MAX_WEBSOCKET_BYTES,
  requireWebSocketUrl,
  type WebSocketOptions,
} from '../websocket-transport.js';
import { cutAfterGrace } from './grace.js';

/** Options of the WebSocket transport on Node.js. */
export interface NodeWebSocketOptions extends WebSocketOptions {
  /** Options of `tls.connect` for `wss:`, for example `ca`. */
  readonly tls?: ConnectionOptions | undefined;
  /** Headers of the handshake, for example `Origin` or `Cookie`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const OPTIONS: OptionNames<NodeWebSocketOptions> = {
  url: true,
  maxSendBytes: true,
  tls: true,
  headers: true,
};

/**
 * Creates a WebSocket transport for every supported version of Node.js, with the package `ws`, which the application
 * must install.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function websocket(options: NodeWebSocketOptions): Transport {
  rejectUnknown(options, OPTIONS);
  const url = requireWebSocketUrl(options.url);
  const maxSendBytes = requireInteger(
    'maxSendBytes',
    options.maxSendBytes,
    DEFAULT_MAX_WEBSOCKET_BYTES,
    1,
    0x7fffffff,
  );
  return {
    kind: 'websocket',
    maxSendBytes,
    maxReceiveBytes: DEFAULT_MAX_WEBSOCKET_BYTES,
    connect: (handler) => new NodeWebSocketLink(url, options, handler),
  };
}

/** A WebSocket link that loads the package `ws` on demand, because it is an optional dependency. */
class NodeWebSocketLink implements Link {
  #link: Link | undefined;
  #isClosed = false;

  constructor(url: string, options: NodeWebSocketOptions, handler: LinkHandler) {
    const fail = (text: string, cause: unknown): void => {
      if (!this.#isClosed) handler.closed(new LinkError('ERR_LINK_FAILED', text, { cause }));
    };
    const open = (WebSocket: typeof import('ws').WebSocket): void => {
      if (this.#isClosed) return;
      const socket = new WebSocket(url, {
        ...options.tls,
        headers: { ...options.headers },
        perMessageDeflate: false,
      });
      const link = webSocketLink(socket, handler);
      this.#link = {
        get bufferedBytes() {
          return link.bufferedBytes;
        },
        send: (frame) => link.send(frame),
        close() {
          link.close();
          cutAfterGrace(() => socket.terminate());
        },
      };
    };
    import('ws').then(
      ({ WebSocket }) => {
        // `ws` throws synchronously for an invalid URL, header or TLS option.
        try {
          open(WebSocket);
        } catch (cause) {
          fail(`the WebSocket could not be opened: ${(cause as Error).message}`, cause);
        }
      },
      (cause: unknown) =>
        fail('WebSocket on Node.js requires the package ws, which could not be loaded', cause),
    );
  }

  get bufferedBytes(): number {
    return this.#link?.bufferedBytes ?? 0;
  }

  send(frame: string): void {
    this.#link?.send(frame);
  }

  close(): void {
    this.#isClosed = true;
    this.#link?.close();
  }
}
