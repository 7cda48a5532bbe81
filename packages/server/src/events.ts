import type { ProtocolErrorCode } from '@imcore/protocol';
import type { SessionInfo } from './hooks.js';
import type { ServerLimits } from './limits.js';
import type { DeadMessage, Message } from './message.js';
import type { QueueLimit, StoredDevice } from './ports/message-store.js';

/** Why a message could not be delivered. */
export type UndeliveredReason =
  /** The receiver is not online and there is no store. */
  | 'offline'
  /** The receiver did not acknowledge any copy. */
  | 'not-acknowledged'
  /** The receiver's session reads too slowly. */
  | 'slow-receiver'
  /** It is longer than the receiver's transport can carry. */
  | 'too-large'
  /** The receiver's queue in the store is full. */
  | 'queue-full'
  /** The store is full: `maxTotalBytes`. */
  | 'store-full'
  /** The store failed. */
  | 'store';

/** Why a readable packet was rejected. */
export type RejectedReason =
  /** `from` is not the session's user. */
  | 'spoofed-sender'
  /** An acknowledgement of a message that is not in flight to this user. */
  | 'unknown-acknowledgement'
  /** The `authorizeMessage` hook returned false, failed or was late. */
  | 'not-authorized'
  /** A data packet without a valid receiver. */
  | 'no-receiver'
  /** The session is not logged in. */
  | 'not-logged-in'
  /** There is no handler for the packet's type. It is never acknowledged. */
  | 'unknown-type';

/**
 * The names of the limits: those of `ServerLimits`, and fixed ones. `openFiles`: the open files of the process, from
 * `ulimit -n`. `deferredPackets`: packets that wait for a hook (64 for each session). `rememberedFingerprints`: 10 000 for each
 * sender, 200 000 of all offline users, 200 000 of the bridge. `offlineNotices`: messages that wait for a call of `onStored`
 * (10 000). `unansweredStoreCalls`: calls of the store that are past `storeTimeoutMs` and unanswered (64).
 */
export type LimitName =
  | keyof ServerLimits
  | 'openFiles'
  | 'deferredPackets'
  | 'rememberedFingerprints'
  | 'offlineNotices'
  | 'unansweredStoreCalls';

/**
 * Why a session ended. `logout`: the client logged out. `timeout`: it sent nothing for too long. `kicked`: it was kicked out by
 * an administrator, or as a duplicate login. `replaced`: another login replaced it. `closed`: either side closed the connection.
 */
export type SessionEndReason = 'logout' | 'timeout' | 'kicked' | 'replaced' | 'closed';

/** The events of a server. Each can have any number of listeners. */
export interface ServerEvents {
  /**
   * A user came online: its first session has started. In a cluster: its first one at any node, and one node emits the event; of a
   * session at another node only `userId`, `deviceId` and `firstLoginTime` are known, `sessionId` and `remotePort` are 0, and
   * the texts are empty.
   */
  online: { readonly userId: string; readonly session: SessionInfo };
  /**
   * A user went offline: its last session has ended. `kickCode` is -1 if the session was not kicked out. In a cluster: its last
   * one at any node; see `online`. The `kickCode` of a session at another node is -1.
   */
  offline: { readonly userId: string; readonly session: SessionInfo; readonly kickCode: number };
  /** A login was accepted: a session has started. A repeated login on the same connection ends the session before it. */
  sessionStarted: { readonly session: SessionInfo };
  /** A session has ended. `kickCode` is -1 if it was not kicked out. */
  sessionEnded: {
    readonly session: SessionInfo;
    readonly reason: SessionEndReason;
    readonly kickCode: number;
  };
  /** A message between users has reached its receiver: it was acknowledged or, without QoS, written. */
  delivered: Message;
  /** The store, or the `onUndeliverable` hook, has taken a message. */
  stored: Message;
  /** A message was dropped; a QoS sender was not acknowledged. */
  undelivered: { readonly message: Message; readonly reason: UndeliveredReason };
  /**
   * A message is longer than `maxBytes`: what the transport of its receiver carries or, of a named device, what its client reads. It
   * does not block later messages. A v6 device gets it in another session; a named device is told that it has passed over it. Without
   * a store the message is undeliverable. Emitted for each session that skips it.
   */
  tooLarge: {
    readonly message: Message;
    readonly bytes: number;
    readonly maxBytes: number;
    readonly transport: string;
  };
  /** A stored message has waited longer than the store's `maxAgeMs`: it is now a dead letter. */
  expired: DeadMessage;
  /** A stored message was displaced by a newer one (`whenFull: 'drop-oldest'`): it is now a dead letter. */
  displaced: DeadMessage;
  /** There were more dead letters than the store's `maxDeadLetters`: this one, the oldest, was deleted. */
  deadLetterDeleted: DeadMessage;
  /** Entries of a user's log were removed, because it had more than `maxLogEntries`, although a device had not taken them. */
  trimmed: { readonly userId: string; readonly entries: number };
  /** A device of a user has logged in for the first time. */
  deviceAdded: { readonly userId: string; readonly device: StoredDevice };
  /**
   * A device of a user was removed: it has not logged in for the store's `deviceExpiryMs`, has made room for a new one
   * (`sessions.maxDevices`), or was removed by the application or by a client of the user.
   */
  deviceRemoved: { readonly userId: string; readonly device: StoredDevice };
  /**
   * The queue of a user is full or, with `maxTotalBytes`, the whole store: the message was not stored, and its sender is not
   * acknowledged.
   */
  queueFull: { readonly userId: string; readonly limit: QueueLimit; readonly message: Message };
  /**
   * The wall clock has jumped forward by `aheadMs`, compared with the monotonic clock. Messages expire by the time before the jump,
   * until the clock has been stable for an hour. Emitted again if it jumps again meanwhile.
   */
  clockJumped: { readonly aheadMs: number };
  /**
   * The store has not answered for `waitedMs` after a user's login or during its replay: new messages are sent before the
   * stored ones, which follow when the store answers.
   */
  replayDelayed: { readonly userId: string; readonly waitedMs: number };
  /** A user has acknowledged a message. */
  received: {
    readonly userId: string;
    readonly from: string;
    readonly fingerprint: string;
    /** The device that has acknowledged it. Empty for the device that all clients of MobileIMSDK share. */
    readonly deviceId: string;
  };
  /** A user did not acknowledge any copy of QoS messages, and there is no store. */
  lost: { readonly userId: string; readonly messages: readonly Message[] };
  /** Frames travel between the nodes of the cluster, or no longer; `error` says why. */
  cluster:
    | { readonly state: 'joined'; readonly error: undefined }
    | { readonly state: 'away'; readonly error: Error };
  /** Another node of the cluster became known, or has left or is lost. */
  node: { readonly nodeId: string; readonly state: 'added' | 'removed' };
  /**
   * This node sends its users to the other nodes of the cluster: `ClusterView.drain`. `waiting`: it ends no more sessions, because
   * no other node takes users; `resumed`: one does again. `ended`: all sessions have ended, the time is over, or the server closes.
   * `users`: how many are still online here.
   */
  drain: { readonly state: 'started' | 'waiting' | 'resumed' | 'ended'; readonly users: number };
  /** The bridge's broker has accepted a message. */
  bridged: Message;
  /** The bridge's broker did not accept a message. */
  bridgeFailed: { readonly message: Message; readonly error: Error };
  /** The bridge has connected to the broker, or lost it and keeps retrying; `error` says why. */
  bridge:
    | { readonly state: 'joined'; readonly error: undefined }
    | { readonly state: 'away'; readonly error: Error };
  /** A message from the bridge cannot be handled. The bridge puts it into its own dead-letter queue. */
  bridgeRejected: { readonly code: string; readonly reason: string };
  /** A peer sent a packet that cannot be read. */
  violation: {
    readonly code: ProtocolErrorCode;
    readonly reason: string;
    readonly transport: string;
    readonly remoteAddress: string;
    readonly userId: string | undefined;
  };
  /** A packet was rejected. Emitted once for each message, not for its copies. */
  rejected: {
    readonly reason: RejectedReason;
    /** The packet's type. */
    readonly type: number;
    /** The packet's receiver, if any. */
    readonly to: string | undefined;
    /** The packet's fingerprint; for an acknowledgement, the fingerprint that it acknowledges. */
    readonly fingerprint: string | undefined;
    readonly transport: string;
    readonly remoteAddress: string;
    readonly userId: string | undefined;
  };
  /**
   * A user sent a message with the fingerprint of an earlier message to the same receiver and another content: probably its
   * client numbers its messages and has restarted. It is handled as a new message, but a v6 client that received the earlier one
   * acknowledges it and does not show it.
   */
  fingerprintReused: {
    readonly fingerprint: string;
    readonly to: string;
    readonly userId: string;
    readonly transport: string;
    readonly remoteAddress: string;
  };
  /** A peer or the server has reached a limit. */
  limited: {
    readonly limit: LimitName;
    readonly value: number;
    readonly remoteAddress: string;
    readonly userId: string | undefined;
  };
  /**
   * The process did not run for `ms` milliseconds: it was stopped, its machine was suspended, or its event loop was blocked.
   * This time is not counted in read time-outs and other deadlines.
   */
  paused: { readonly ms: number };
  /** Something in the server failed: for example a hook threw, or the store or a socket failed. */
  error: Error;
}
