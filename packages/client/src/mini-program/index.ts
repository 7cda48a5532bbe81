export { ProtocolError, type ProtocolErrorCode } from '@imcore/protocol';
export { ImClient } from '../client.js';
export type { LoginRequest, TokenSource } from '../compose.js';
export {
  DeliveryError,
  type DeliveryErrorCode,
  LinkError,
  type LinkErrorCode,
  LoginError,
  type LoginErrorCode,
  OutboxError,
  type OutboxErrorCode,
  ServerError,
  UsageError,
  type UsageErrorCode,
} from '../errors.js';
export type { ClientEvents, StateChange } from '../events.js';
export type { KeepAliveBounds } from '../keep-alive-pace.js';
export type { LinkQuality } from '../link-quality.js';
export { type Logger, silentLogger } from '../logger.js';
export type {
  AbortSignalLike,
  Message,
  OutboxMessage,
  Receipt,
  Sending,
  SendRequest,
  WhenOffline,
} from '../message.js';
export type { ClientSettings } from '../options.js';
export type { Outbox, OutboxHandler, OutboxSource } from '../outbox.js';
export type { LoginResult } from '../pending-logins.js';
export type { PlatformSignal, PlatformSignals } from '../platform-signals.js';
export type { ClientState, StateReason } from '../state.js';
export type { EarlyRetransmission, Link, LinkHandler, Transport } from '../transport.js';
export { createClient, type MiniProgramClientOptions } from './create-client.js';
export type { MiniProgramPlatform } from './platform-api.js';
export { type MiniProgramSocketOptions, miniProgramSocket } from './socket-transport.js';
