import {
  createFingerprint,
  dataPacket,
  encodePacket,
  isUserId,
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

/** Gives the token for the next login. */
export type TokenSource = () => string | PromiseLike<string>;

/** Who wants to log in. */
export interface LoginRequest {
  /** The user's id: not empty, at most 256 characters, neither `"0"` nor `"-1"`. */
  readonly userId: string;
  /**
   * Proof of who it is, for the server's verifier; or a function that is asked for it before each login, after a lost
   * link too. Where it fails, or takes longer than `tokenTimeoutMs`, the client asks again after a while.
   */
  readonly token?: string | TokenSource | undefined;
  /** The application's own text for the server's verifier. */
  readonly extra?: string | undefined;
}

/** @throws UsageError `ERR_INVALID_ARGUMENT` for what cannot be sent, in a packet of so many bytes at most. */
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

/** @throws UsageError `ERR_INVALID_ARGUMENT` */
export function checkUserId(userId: unknown): void {
  if (typeof userId === 'string' && isUserId(userId)) return;
  throw invalid(`userId must be 1 to ${MAX_ID_LENGTH} characters and neither "0" nor "-1"`);
}

/** @throws UsageError `ERR_INVALID_ARGUMENT` for a login that is longer than the transport carries. */
function requireLoginFits(identity: Identity, maxSendBytes: number): void {
  const longest = loginPacket({ ...identity, firstLoginTime: Number.MAX_SAFE_INTEGER });
  const bytes = utf8Length(encodePacket(longest));
  if (bytes <= maxSendBytes) return;
  throw invalid(
    `this login takes ${bytes} bytes, the transport carries ${maxSendBytes}: shorten token or extra`,
  );
}

/** A source of tokens that rejects what cannot be sent; undefined for a token that stays the same. */
export function checkedTokens(
  source: LoginRequest['token'],
  identity: Identity,
  maxSendBytes: number,
): TokenSource | undefined {
  if (typeof source !== 'function') return undefined;
  return async () => {
    const token: unknown = await source();
    if (typeof token !== 'string') throw invalid('the token must be a string');
    requireLoginFits({ ...identity, token }, maxSendBytes);
    return token;
  };
}

/** Makes the packet of a message. @throws UsageError `ERR_INVALID_ARGUMENT` for what cannot be sent. */
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
  if (typeof content !== 'string') throw invalid(`content must be a string, found ${typeof content}`);
  if (type !== undefined && (type | 0) !== type) throw invalid(`type must be a 32-bit number, found ${type}`);
  if (fingerprint !== undefined && !isFingerprint(fingerprint)) {
    throw invalid(`fingerprint must be a string of 1 to ${MAX_ID_LENGTH} characters`);
  }
  const fp = fingerprint ?? (qos ? createFingerprint(random) : undefined);
  const packet = { ...dataPacket({ from, to, content, type, fingerprint: fp }), QoS: qos };
  const frame = encodePacket(packet);
  return { ticket, packet, frame, bytes: utf8Length(frame), queuedAt };
}

function isFingerprint(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH;
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_ARGUMENT', message);
}
