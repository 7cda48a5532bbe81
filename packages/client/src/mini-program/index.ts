export { ProtocolError, type ProtocolErrorCode } from '@imcore/protocol';
export { ImClient, type LoginResult } from '../client.js';
export type { LoginRequest } from '../compose.js';
export {
  DeliveryError,
  type DeliveryErrorCode,
  LinkError,
  type LinkErrorCode,
  LoginError,
  type LoginErrorCode,
  ServerError,
  UsageError,
  type UsageErrorCode,
} from '../errors.js';
export type { ClientEvents, StateChange } from '../events.js';
export { type Logger, silentLogger } from '../logger.js';
export type { AbortSignalLike, Message, Receipt, SendRequest, WhenOffline } from '../message.js';
export type { ClientSettings } from '../options.js';
export type { ClientState, StateReason } from '../state.js';
export type { Link, LinkHandler, Transport } from '../transport.js';
export { createClient, type MiniProgramClientOptions } from './create-client.js';
export type { MiniProgramPlatform } from './platform-api.js';
export { type MiniProgramSocketOptions, miniProgramSocket } from './socket-transport.js';
