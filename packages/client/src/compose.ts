import {
  createFingerprint,
  dataPacket,
  encodePacket,
  isUserId,
  isWellFormed,
  loginPacket,
  MAX_ID_LENGTH,
  type Random,
  SERVER_ID,
} from '@imcore/protocol';
import { UsageError } from './errors.js';
import type { SendRequest } from './message.js';
import type { OutgoingMessage } from './outgoing.js';
import type { Identity } from './session-settings.js';
import { utf8Length } from './utf8-length.js';

/** Returns the token for the next login, or a promise of it. */
export type TokenSource = () => string | PromiseLike<string>;

/** Arguments of `login`. */
export interface LoginRequest {
  /** The user id: 1 to 256 characters. `"0"` and `"-1"` are reserved. */
  readonly userId: string;
  /**
   * The token for the server's `authenticate` hook, or a function that returns it. The function is called before each
   * login, including reconnects. If it fails or takes longer than `tokenTimeoutMs`, the client retries with backoff.
   */
  readonly token?: string | TokenSource | undefined;
  /** A text of the application for the server's `authenticate` hook. */
  readonly extra?: string | undefined;
}

/** Checks the arguments of `login`. @throws UsageError `ERR_INVALID_ARGUMENT` */
export function checkIdentity({ userId, token, extra }: LoginRequest, maxSendBytes: number): Identity {
  checkUserId(userId);
  const asksForToken = typeof token === 'function';
  if (!asksForToken && token !== undefined && typeof token !== 'string') {
    throw invalid('token must be a string or a function');
  }
  if (extra !== undefined && typeof extra !== 'string') throw invalid('extra must be a string');
  const identity: Identity = { userId, token: asksForToken ? undefined : token, extra, asksForToken };
  requireLoginFits(identity, maxSendBytes);
  return identity;
}

/** Checks a user id. @throws UsageError `ERR_INVALID_ARGUMENT` */
export function checkUserId(userId: unknown): void {
  if (typeof userId === 'string' && isUserId(userId)) return;
  throw invalid(`userId must be a string of 1 to ${MAX_ID_LENGTH} characters, "0" and "-1" are reserved`);
}

/** @throws UsageError `ERR_INVALID_ARGUMENT` if the login packet exceeds the transport's maximum. */
function requireLoginFits(identity: Identity, maxSendBytes: number): void {
  const longest = loginPacket({ ...identity, firstLoginTime: Number.MAX_SAFE_INTEGER });
  const bytes = utf8Length(encodePacket(longest));
  if (bytes <= maxSendBytes) return;
  throw invalid(`the login packet has ${bytes} bytes, the limit is ${maxSendBytes}: shorten token or extra`);
}

/** Wraps a token function so that it checks the tokens; returns undefined for a constant token. */
export function checkedTokens(
  source: LoginRequest['token'],
  identity: Identity,
  maxSendBytes: number,
): TokenSource | undefined {
  if (typeof source !== 'function') return undefined;
  return async () => {
    const token: unknown = await source();
    if (typeof token !== 'string') throw invalid(`the token must be a string, got ${typeof token}`);
    requireLoginFits({ ...identity, token }, maxSendBytes);
    return token;
  };
}

/** Creates the packet of a message. @throws UsageError `ERR_INVALID_ARGUMENT` */
export function composeMessage(
  request: SendRequest,
  from: string,
  ticket: number,
  random: Random,
  queuedAt: number,
): OutgoingMessage {
  const { to, content, type, fingerprint, qos = true } = request;
  if (typeof to !== 'string' || !(isUserId(to) || to === SERVER_ID)) {
    throw invalid(`to must be a user id of 1 to ${MAX_ID_LENGTH} characters, or "0" for the server`);
  }
  if (typeof content !== 'string') throw invalid(`content must be a string, got ${typeof content}`);
  if (type !== undefined && (type | 0) !== type) throw invalid(`type must be a 32-bit number, got ${type}`);
  if (fingerprint !== undefined && !isFingerprint(fingerprint)) {
    throw invalid(`fingerprint must be a string of 1 to ${MAX_ID_LENGTH} characters`);
  }
  const fp = fingerprint ?? (qos ? createFingerprint(random) : undefined);
  const packet = { ...dataPacket({ from, to, content, type, fingerprint: fp }), QoS: qos };
  const frame = encodePacket(packet);
  return { ticket, packet, frame, bytes: utf8Length(frame), queuedAt };
}

function isFingerprint(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH && isWellFormed(value);
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_ARGUMENT', message);
}
