import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Appended to the client's key before it is hashed. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** What to answer to a request for a WebSocket: the headers of the response if it is accepted, else a status. */
type WebSocketHandshake =
  | { readonly isValid: true; readonly response: string }
  | { readonly isValid: false; readonly status: number; readonly reason: string };

/**
 * Checks a request for a WebSocket. Subprotocols and extensions, such as compression, are never accepted.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-4.2
 */
export function readHandshake({ method, headers }: IncomingMessage): WebSocketHandshake {
  const key = headers['sec-websocket-key'];
  if (method !== 'GET') return { isValid: false, status: 405, reason: 'Method Not Allowed' };
  if (headers.upgrade?.toLowerCase() !== 'websocket' || key === undefined || !KEY.test(key))
    return { isValid: false, status: 400, reason: 'Bad Request' };
  if (headers['sec-websocket-version'] !== '13')
    return { isValid: false, status: 426, reason: 'Upgrade Required' };
  const accept = createHash('sha1').update(`${key}${KEY_SUFFIX}`).digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  return { isValid: true, response: `${lines.join('\r\n')}\r\n\r\n` };
}
