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

/** Who wants to log in. */
export interface LoginRequest {
  /** The user's id: not empty, at most 256 characters, neither `"0"` nor `"-1"`. */
  readonly userId: string;
  /** Proof of who it is, for the server's verifier. */
  readonly token?: string | undefined;
  /** The application's own text for the server's verifier. */
  readonly extra?: string | undefined;
}

/** @throws UsageError `ERR_INVALID_ARGUMENT` for what cannot be sent, in a packet of so many bytes at most. */
export function checkIdentity({ userId, token, extra }: LoginRequest, maxSendBytes: number): Identity {
  if (typeof userId !== 'string' || !isUserId(userId)) {
    throw invalid(`userId must be 1 to ${MAX_ID_LENGTH} characters and neither "0" nor "-1"`);
  }
  if (token !== undefined && typeof token !== 'string') throw invalid('token must be a string');
  if (extra !== undefined && typeof extra !== 'string') throw invalid('extra must be a string');
  const identity: Identity = { userId, token, extra };
  const longest = loginPacket({ ...identity, firstLoginTime: Number.MAX_SAFE_INTEGER });
  const bytes = utf8Length(encodePacket(longest));
  if (bytes <= maxSendBytes) return identity;
  throw invalid(
    `this login takes ${bytes} bytes, the transport carries ${maxSendBytes}: shorten token or extra`,
  );
}

/** Makes the packet of a message. @throws UsageError `ERR_INVALID_ARGUMENT` for what cannot be sent. */
export function composeMessage(
  request: SendRequest,
  from: string,
  ticket: number,
  random: Random,
): OutgoingMessage {
  const { to, content, type, fingerprint, qos = true } = request;
  if (typeof to !== 'string' || !(isUserId(to) || to === SERVER_ID)) {
    throw invalid(`to must be a user id of 1 to ${MAX_ID_LENGTH} characters, or "0" for the server`);
  }
  if (typeof content !== 'string') throw invalid(`content must be a string, found ${typeof content}`);
  if (type !== undefined && (type | 0) !== type) throw invalid(`type must be a 32-bit number, found ${type}`);
  if (fingerprint !== undefined && (fingerprint === '' || fingerprint.length > MAX_ID_LENGTH)) {
    throw invalid(`fingerprint must be 1 to ${MAX_ID_LENGTH} characters, found ${fingerprint.length}`);
  }
  const fp = fingerprint ?? (qos ? createFingerprint(random) : undefined);
  const packet = { ...dataPacket({ from, to, content, type, fingerprint: fp }), QoS: qos };
  const frame = encodePacket(packet);
  return { ticket, packet, frame, bytes: utf8Length(frame) };
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_ARGUMENT', message);
}
