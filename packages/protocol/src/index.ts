export { keepAliveResponseFrame, loginResponseFrame } from './answer-frames.js';
export { type BackoffPolicy, backoffMs, DEFAULT_BACKOFF } from './backoff.js';
export { type BinaryString, decodeUtf8, encodeUtf8, isAscii } from './binary-string.js';
export { type Clock, type Instant, NEVER, type Random, type Scheduled } from './clock.js';
export {
  CODE_OK,
  CODE_SERVER_SAYS_NOT_LOGGED_IN,
  FIRST_APPLICATION_CODE,
  KickOutCode,
  NOT_KICKED,
  ResponseCode,
} from './codes.js';
export { contentDigest } from './content-digest.js';
export {
  acknowledgementPacket,
  dataPacket,
  type ErrorResponse,
  echoResponsePacket,
  errorResponsePacket,
  type KickOut,
  keepAlivePacket,
  keepAliveResponsePacket,
  kickOutPacket,
  type LoginRequest,
  type LoginResponse,
  loginPacket,
  loginResponsePacket,
  logoutPacket,
  readErrorResponse,
  readKickOut,
  readLoginRequest,
  readLoginResponse,
} from './control.js';
export { decodeFrameBody } from './decode.js';
export { decodePacket } from './decode-packet.js';
export { Digest } from './digest.js';
export { type DuplicateLoginDecision, decideDuplicateLogin } from './duplicate-login.js';
export {
  DEFAULT_DUPLICATE_LIMITS,
  DuplicateKey,
  DuplicateWindow,
  type DuplicateWindowLimits,
  type Seen,
} from './duplicate-window.js';
export { Emitter, type Unsubscribe } from './emitter.js';
export { encodeFrameBody, encodePacket } from './encode.js';
export { ProtocolError, type ProtocolErrorCode } from './errors.js';
export { createFingerprint } from './fingerprint.js';
export { KeepAlive, type KeepAliveDue, type KeepAliveTimes } from './keep-alive.js';
export {
  isUserId,
  isWellFormed,
  MAX_ID_LENGTH,
  type Packet,
  PacketType,
  SERVER_ID,
  UNSET_ID,
  UNSET_NUMBER,
} from './packet.js';
export { ReceivedPacket } from './received-packet.js';
export {
  type Due,
  type QosPacket,
  RetransmissionWindow,
  type Unacknowledged,
} from './retransmission-window.js';
export { CLIENT_RETRY, type RetryPolicy, SERVER_RETRY } from './retry-policy.js';
export {
  DEFAULT_SENSE_MODE,
  isSenseMode,
  SENSE_MODES,
  SenseMode,
  type SenseTimes,
  senseTimes,
  type TransportKind,
} from './sense-mode.js';
export {
  DEFAULT_MAX_TCP_BODY_BYTES,
  TCP_HEADER_BYTES,
  TcpFrameReader,
  writeTcpHeader,
} from './tcp-framing.js';
