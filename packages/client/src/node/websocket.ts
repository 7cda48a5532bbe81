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

/** Where a WebSocket leads, and what Node can do beside it. */
export interface NodeWebSocketOptions extends WebSocketOptions {
  /** Options of `tls.connect` for `wss:`, such as `ca`. */
  readonly tls?: ConnectionOptions | undefined;
  /** Sent with the handshake, such as `Origin` or a cookie. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const OPTIONS: OptionNames<NodeWebSocketOptions> = {
  url: true,
  maxSendBytes: true,
  tls: true,
  headers: true,
};

/**
 * WebSocket on every version of Node, with the `ws` package, which the application installs.
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
    connect: (handler) => new NodeWebSocketLink(url, options, handler),
  };
}

/** A WebSocket whose implementation is loaded first, for it is needed by those only who use it. */
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
        // It throws at once where it does not take the URL, a header or an option of TLS.
        try {
          open(WebSocket);
        } catch (cause) {
          fail(`the WebSocket could not be opened: ${(cause as Error).message}`, cause);
        }
      },
      (cause: unknown) =>
        fail('the package ws is needed for WebSocket on Node and could not be loaded', cause),
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
