export type { Clock, Random } from '@imcore/protocol';
export { checkInteger, checkNames, type OptionNames } from '../check-options.js';
export { BridgeError, StoreError, UsageError } from '../errors.js';
export { type AllowanceOwner, AnswerAllowance } from '../gateways/answer-allowance.js';
export type {
  Connection,
  ConnectionHandler,
  Gateway,
  GatewayAddress,
  GatewayCount,
  GatewayHost,
  RefusalReason,
} from '../gateways/gateway.js';
export { systemClock } from '../scheduling/system-clock.js';
export type { Bridge, BridgeHost, BridgeMessage, BridgeVerdict } from './bridge.js';
export { type Logger, silentLogger } from './logger.js';
export {
  type AppendResult,
  type Confirmation,
  type DeadLetter,
  type DeathCause,
  type HistoryQuery,
  type MailboxLimit,
  type MailboxSize,
  type MessageStore,
  OUTBOX_ID,
  type StoredMessage,
  type StoreHealth,
  type StoreId,
  type WaitingMessage,
} from './message-store.js';
export { completeRetention, DEFAULT_RETENTION, RETENTION_OPTIONS, type Retention } from './retention.js';
export type { CopyProgress, StoreTools, UserMailbox } from './store-tools.js';
