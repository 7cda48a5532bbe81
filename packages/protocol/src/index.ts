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
export { type Capability, createRandomCapability, EXTENSION_VERSION } from './extension/capabilities.js';
export {
  type EntryExtension,
  encodeEntryExtension,
  encodeMessageExtension,
  type MessageExtension,
  type PushOptions,
  readEntryExtension,
  readMessageExtension,
} from './extension/data-extension.js';
export {
  type DevicePacket,
  encodeDevicePacket,
  type LogPacket,
  readLogPacket,
} from './extension/device-packets.js';
export { type Envelope, withExtension } from './extension/extension-frame.js';
export {
  type ClientExtensionPacket,
  encodeExtensionPacket,
  readClientExtensionPacket,
  readServerExtensionPacket,
  type ServerExtensionPacket,
} from './extension/extension-packet.js';
export { ExtensionType } from './extension/extension-type.js';
export {
  type CloseLogPacket,
  encodeKeepAliveLast,
  type PositionPacket,
  type RejectedPacket,
  readKeepAliveLast,
  type SkipPacket,
  type SkipReason,
  type StoredPacket,
  type SyncPacket,
} from './extension/log-packets.js';
export {
  ACKNOWLEDGE_AFTER_MS,
  type LogAction,
  type LogDelivery,
  LogReceiver,
} from './extension/log-receiver.js';
export {
  type LoginAnswer,
  type LogStart,
  loginAnswerMember,
  type PositionRange,
  readLoginAnswer,
} from './extension/login-answer.js';
export {
  type DeviceDescription,
  type LoginOffer,
  type LogPosition,
  loginOfferMember,
  MAX_MAX_FRAME_BYTES,
  MIN_MAX_FRAME_BYTES,
  readLoginOffer,
} from './extension/login-offer.js';
export { InvalidMember } from './extension/members.js';
export type { AnswerPacket, FailurePacket, RequestPacket } from './extension/request-packets.js';
export { createSessionKey, hasSessionKey, SESSION_KEY_LENGTH } from './extension/session-key.js';
export type {
  HeadsPacket,
  MarkNoticePacket,
  MarkPacket,
  SignalNoticePacket,
  SignalPacket,
} from './extension/signal-packets.js';
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
export { type Due, RetransmissionWindow } from './retransmission-window.js';
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
