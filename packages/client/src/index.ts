export { ProtocolError, type ProtocolErrorCode } from '@imcore/protocol';
export { ImClient, type LoginResult } from './client.js';
export type { LoginRequest } from './compose.js';
export { createClient } from './create-client.js';
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
} from './errors.js';
export type { ClientEvents, StateChange } from './events.js';
export { type Logger, silentLogger } from './logger.js';
export type { AbortSignalLike, Message, Receipt, SendRequest, WhenOffline } from './message.js';
export type { ClientOptions, ClientSettings, Endpoint } from './options.js';
export type { ClientState, StateReason } from './state.js';
export type { Link, LinkHandler, Transport } from './transport.js';
export { type WebSocketOptions, websocket } from './websocket-transport.js';
