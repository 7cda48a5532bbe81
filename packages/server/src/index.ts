export {
  type Clock,
  ProtocolError,
  type ProtocolErrorCode,
  type Random,
  type RetryPolicy,
  SENSE_MODES,
  type SenseMode,
  type Unsubscribe,
} from '@imcore/protocol';
export type { NodeInfo, UserPage } from './cluster/cluster-listener.js';
export type { ClusterKickOptions, ClusterView, UserPlace } from './cluster/cluster-view.js';
export type { DrainOptions } from './cluster/drain.js';
export { createServer } from './create-server.js';
export {
  ClusterError,
  DeliveryError,
  HookError,
  InternalError,
  StoreError,
  UsageError,
} from './errors.js';
export type {
  LimitName,
  RejectedReason,
  ServerEvents,
  SessionEndReason,
  UndeliveredReason,
} from './events.js';
export type { DeviceInfo } from './feeds/devices.js';
export type {
  Hooks,
  LoginAttempt,
  LoginVerdict,
  MessageVerdict,
  Sender,
  SendOptions,
  SendOutcome,
  SessionInfo,
} from './hooks.js';
export { DEFAULT_LIMITS, type ServerLimits } from './limits.js';
export type { DeadMessage, KeptMessage, Message } from './message.js';
export { type MetricDefinition, type MetricName, type MetricSample, SERVER_METRICS } from './metrics.js';
export type { ServerOptions } from './options.js';
export type { Cluster } from './ports/cluster.js';
export { type Logger, silentLogger } from './ports/logger.js';
export type {
  DeadLetterCause,
  DeadLetterId,
  MessageId,
  MessageStore,
  QueueLimit,
  StoredDevice,
} from './ports/message-store.js';
export type { PacketHandler, PacketSession } from './ports/packet-handler.js';
export type { Retention } from './ports/retention.js';
export type { Route, RouteHost } from './ports/route.js';
export type {
  ServerTransport,
  TransportAddress,
} from './ports/transport.js';
export { type CloseOptions, ImServer, type KickOptions } from './server.js';
export type { DeadLetterQuery, DeadLetterRef, DeadLetters } from './storage/dead-letters.js';
export type { ConversationOptions, ConversationSummary, HistoryOptions } from './storage/history.js';
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from './store-memory/memory-store.js';
export { systemClock } from './timers/system-clock.js';
export { type TcpOptions, type TcpTransport, tcp } from './transports/tcp.js';
export type { TransportOptions } from './transports/transport-options.js';
export { type UdpOptions, udp } from './transports/udp.js';
export { type WebSocketOptions, type WebSocketTransport, websocket } from './transports/websocket.js';
export type { SessionPolicy } from './users/session-policy.js';
