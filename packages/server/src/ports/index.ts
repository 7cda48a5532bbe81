export { type BinaryString, type Clock, contentDigest, type Random } from '@imcore/protocol';
export { checkInteger, checkNames, type OptionNames, typeName } from '../check-options.js';
export type { Delivery, DeliveryState, Origin } from '../delivery/delivery.js';
export { toDeliveryError } from '../delivery/origins.js';
export { reportDisplaced, reportQueueFull } from '../delivery/reports.js';
export { asError, ClusterError, StoreError, UsageError } from '../errors.js';
export type { UndeliveredReason } from '../events.js';
export type { SendOutcome, SessionInfo } from '../hooks.js';
export { type Message, toMessage } from '../message.js';
export { printable, printableLine } from '../printable.js';
export type { Runtime } from '../runtime.js';
export type { DeadlineQueue, DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
export { systemClock } from '../timers/system-clock.js';
export type { StoredQueue } from '../users/user.js';
export {
  type BusConnection,
  type BusConnectionHost,
  BusConnections,
  type BusConnectionsOptions,
} from './bus-connections.js';
export { type BusNames, clusterAddress, nodeAddress, readBusNames } from './bus-names.js';
export type { Cluster, ClusterHost } from './cluster.js';
export { type Logger, silentLogger } from './logger.js';
export type {
  Advance,
  AppendResult,
  Confirmation,
  Conversation,
  ConversationQuery,
  DeadLetter,
  DeadLetterCause,
  DeadLetterId,
  Entry,
  HistoryQuery,
  KeptRecord,
  LogPage,
  LogPlace,
  MessageId,
  MessageStore,
  Position,
  QueueLimit,
  QueueSize,
  SharedStore,
  StoredDevice,
  StoredMessage,
  StoreHealth,
  Sweep,
} from './message-store.js';
export type { PacketHandler, PacketRule, PacketSession } from './packet-handler.js';
export { completeRetention, DEFAULT_RETENTION, RETENTION_OPTIONS, type Retention } from './retention.js';
export type { Route, RouteAnswer, RouteHost, RouteQueues, RouteReceiver } from './route.js';
export type { CopyProgress, PurgePage, StoreTools, UserQueue } from './store-tools.js';
export type {
  AcceptedSocket,
  AddressProof,
  AdmissionDeadline,
  Connection,
  ConnectionHandler,
  FrameKind,
  RejectionReason,
  ServerTransport,
  SocketAdmission,
  TransportAddress,
  TransportCount,
  TransportHost,
} from './transport.js';
