import { LinkError } from './errors.js';
import type { Link, LinkHandler } from './transport.js';

/** The part of a WebSocket that is used; browsers and the package `ws` provide it. */
export interface WebSocketLike {
  readonly bufferedAmount: number;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly error?: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  send(text: string): void;
  close(code?: number): void;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** Close code of a normal closure. */
const NORMAL_CLOSURE = 1000;

/**
 * A link over a WebSocket: one packet per text message. Binary messages are not part of the protocol and are ignored.
 *
 * @see docs/protocol/SPEC.md#1-frames
 */
export function webSocketLink(socket: WebSocketLike, handler: LinkHandler): Link {
  let failure: unknown;
  let isOpen = false;
  let isClosing = false;
  socket.addEventListener('open', () => {
    isOpen = true;
    handler.opened();
  });
  socket.addEventListener('message', ({ data }) => {
    // What the server has sent before it reads the close frame still arrives.
    if (typeof data === 'string' && !isClosing) handler.received(data);
  });
  // Browsers report no cause; the close event that follows is decisive.
  socket.addEventListener('error', ({ error }) => {
    failure = error;
  });
  socket.addEventListener('close', ({ code, reason }) => {
    if (isOpen && code === NORMAL_CLOSURE) handler.closed();
    else handler.closed(closeError(isOpen, code, reason, failure));
  });
  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(frame) {
      socket.send(frame);
    },
    close() {
      isClosing = true;
      socket.close(NORMAL_CLOSURE);
    },
  };
}

function closeError(isOpen: boolean, code: number, reason: string, cause: unknown): LinkError {
  const detail = `${code}${reason === '' ? '' : ` ${reason}`}${cause instanceof Error ? `: ${cause.message}` : ''}`;
  return isOpen
    ? new LinkError('ERR_LINK_CLOSED', `the WebSocket was closed with code ${detail}`, { cause })
    : new LinkError('ERR_LINK_FAILED', `the WebSocket could not be opened, code ${detail}`, { cause });
}
