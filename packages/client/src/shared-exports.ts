/*
 * What every entry point of this package exports. The entry points take it with `export *`: it is the only form of
 * re-export that does not repeat the names. Each name is listed here, so that nothing is exported by accident.
 */
export { ProtocolError, type ProtocolErrorCode } from '@imcore/protocol';
export { ImClient } from './client.js';
export type { LoginRequest, TokenSource } from './compose.js';
export {
  DeliveryError,
  type DeliveryErrorCode,
  LinkError,
  type LinkErrorCode,
  LoginError,
  type LoginErrorCode,
  OutboxError,
  type OutboxErrorCode,
  RequestError,
  type RequestErrorCode,
  ServerError,
  UsageError,
  type UsageErrorCode,
} from './errors.js';
export type { ClientEvents, StateChange } from './events.js';
export type { KeepAliveBounds } from './keep-alive-pace.js';
export type { DeviceOptions, KeptDevice, Level } from './level.js';
export type { LinkQuality } from './link-quality.js';
export type {
  Conversation,
  ConversationPage,
  ConversationsRequest,
  DeviceInfo,
  HistoryMessage,
  HistoryPage,
  HistoryRequest,
} from './log-request.js';
export { type Logger, silentLogger } from './logger.js';
export type {
  AbortSignalLike,
  Acknowledgement,
  Message,
  MessageFields,
  OutboxMessage,
  Receipt,
  Sending,
  SendOutcome,
  SendRequest,
  WhenOffline,
} from './message.js';
export type { ClientSettings } from './options.js';
export type { Outbox, OutboxHandler, OutboxSource } from './outbox.js';
export type { LoginResult } from './pending-logins.js';
export type { PlatformSignal, PlatformSignals } from './platform-signals.js';
export type { CreateLog, LogHost, LogSettings, SessionLog } from './session-log.js';
export type { ClientState, StateReason } from './state.js';
export type { EarlyRetransmission, Link, LinkHandler, Transport, Turns } from './transport.js';
