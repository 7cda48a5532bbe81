export {
  type Clock,
  ProtocolError,
  type ProtocolErrorCode,
  type Random,
  type RetryPolicy,
  SENSE_MODES,
  type SenseMode,
  type TransportKind,
  type Unsubscribe,
} from '@imcore/protocol';
export { createServer } from './create-server.js';
export type { DeadLetterQuery, DeadLetterRef, DeadLetters, HistoryOptions } from './delivery/archive.js';
export { BridgeError, DeliveryError, HookError, StoreError, UsageError } from './errors.js';
export type { LimitName, RejectedReason, ServerEvents, UndeliveredReason } from './events.js';
export type {
  Hooks,
  LoginAttempt,
  LoginVerdict,
  Sender,
  SendOptions,
  SendOutcome,
  SessionInfo,
} from './hooks.js';
export { DEFAULT_LIMITS, type ServerLimits } from './limits.js';
export type { DeadMessage, KeptMessage, Message } from './message.js';
export type { ServerOptions } from './options.js';
export type { Bridge, BridgeHost, BridgeMessage, BridgeVerdict } from './ports/bridge.js';
export { type Logger, silentLogger } from './ports/logger.js';
export type {
  AppendResult,
  Confirmation,
  DeadLetter,
  DeadLetterCause,
  HistoryQuery,
  MessageStore,
  QueueLimit,
  QueueSize,
  StoredMessage,
  StoreHealth,
  StoreId,
  WaitingMessage,
} from './ports/message-store.js';
export { DEFAULT_RETENTION, type Retention } from './ports/retention.js';
export type { CopyProgress, StoreTools, UserQueue } from './ports/store-tools.js';
export { systemClock } from './scheduling/system-clock.js';
export { type CloseOptions, ImServer, type KickOptions } from './server.js';
export { type MemoryStoreOptions, memoryStore } from './stores/memory-store.js';
export { type TcpOptions, type TcpTransport, tcp } from './transports/tcp.js';
export type {
  Connection,
  ConnectionHandler,
  RejectionReason,
  ServerTransport,
  TransportAddress,
  TransportCount,
  TransportHost,
} from './transports/transport.js';
export type { TransportOptions } from './transports/transport-options.js';
export { type UdpOptions, udp } from './transports/udp.js';
export { type WebSocketOptions, type WebSocketTransport, websocket } from './transports/websocket.js';
