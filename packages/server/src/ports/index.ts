export type { Clock, Random } from '@imcore/protocol';
export { checkInteger, checkNames, type OptionNames } from '../check-options.js';
export { BridgeError, StoreError, UsageError } from '../errors.js';
export { systemClock } from '../scheduling/system-clock.js';
export { type AllowanceOwner, AnswerAllowance } from '../transports/answer-allowance.js';
export type {
  Connection,
  ConnectionHandler,
  RejectionReason,
  ServerTransport,
  TransportAddress,
  TransportCount,
  TransportHost,
} from '../transports/transport.js';
export type { Bridge, BridgeHost, BridgeMessage, BridgeVerdict } from './bridge.js';
export { type Logger, silentLogger } from './logger.js';
export {
  type AppendResult,
  type Confirmation,
  type DeadLetter,
  type DeadLetterCause,
  type HistoryQuery,
  type MessageStore,
  OUTBOX_ID,
  type QueueLimit,
  type QueueSize,
  type StoredMessage,
  type StoreHealth,
  type StoreId,
  type WaitingMessage,
} from './message-store.js';
export { completeRetention, DEFAULT_RETENTION, RETENTION_OPTIONS, type Retention } from './retention.js';
export type { CopyProgress, StoreTools, UserQueue } from './store-tools.js';
