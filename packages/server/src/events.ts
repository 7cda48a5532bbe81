import type { ProtocolErrorCode } from '@imcore/protocol';
import type { SessionInfo } from './hooks.js';
import type { ServerLimits } from './limits.js';
import type { DeadMessage, Message } from './message.js';
import type { QueueLimit } from './ports/message-store.js';

/** Why a message did not reach anybody. */
export type UndeliveredReason =
  /** The receiver is not online and nobody stores. */
  | 'offline'
  /** The receiver's session took it and never acknowledged. */
  | 'not-acknowledged'
  /** The receiver's session reads too slowly to take more. */
  | 'slow-receiver'
  /** It is longer than the receiver's transport can carry. */
  | 'too-large'
  /** As many messages as the store keeps for one user wait for the receiver. */
  | 'queue-full'
  /** The store failed. */
  | 'store';

/** Why a packet was dropped although it could be read. */
export type RejectedReason =
  /** `from` is not the session's user. */
  | 'spoofed-sender'
  /** An acknowledgement of a message that was not for this user, or no longer waits. */
  | 'unknown-acknowledgement'
  /** The `authorizeMessage` hook said no. */
  | 'not-authorized'
  /** A data packet without a receiver. */
  | 'no-receiver'
  /** The session is not logged in. */
  | 'not-logged-in'
  /** No handler is for packets of this type. It is never acknowledged. */
  | 'unknown-type';

/**
 * The limits of `ServerLimits` by name, and those that are fixed: packets that wait for a hook (64 a session), fingerprints
 * that are remembered (10 000 a sender, 200 000 of users who are away, as many of the bridge) and messages that `onStored`
 * is yet to be called for (10 000).
 */
export type LimitName = keyof ServerLimits | 'deferredPackets' | 'rememberedFingerprints' | 'offlineNotices';

/**
 * Why a session ended: the client logged out; it sent nothing for too long; an administrator or the duplicate rule kicked
 * it; another login took its place; its connection was closed, by either side.
 */
export type SessionEndReason = 'logout' | 'timeout' | 'kicked' | 'replaced' | 'closed';

/** Notifications: any number of listeners, no answer. */
export interface ServerEvents {
  /** A user has its first session. */
  online: { readonly userId: string; readonly session: SessionInfo };
  /** A user's last session has ended, and no other has taken its place. `kickCode` is -1 when nobody kicked it. */
  offline: { readonly userId: string; readonly session: SessionInfo; readonly kickCode: number };
  /** A login was accepted: a session has started. A repeated login on the same connection ends the session before it. */
  sessionStarted: { readonly session: SessionInfo };
  /** A session has ended. `kickCode` is -1 when nobody kicked it. */
  sessionEnded: {
    readonly session: SessionInfo;
    readonly reason: SessionEndReason;
    readonly kickCode: number;
  };
  /** A message between users has reached its receiver: acknowledged, or without QoS written. */
  delivered: Message;
  /** The store, or the `onUndeliverable` hook, has taken a message. */
  stored: Message;
  /** A message was dropped; a QoS sender was not acknowledged. */
  undelivered: { readonly message: Message; readonly reason: UndeliveredReason };
  /**
   * A message is longer than its receiver's session can be sent, `maxBytes`: it waits in the store for a session that
   * can take it, while those behind it go on; without a store it is undeliverable. Emitted when a session skips it.
   */
  tooLarge: {
    readonly message: Message;
    readonly bytes: number;
    readonly maxBytes: number;
    readonly transport: string;
  };
  /** A stored message has waited longer than the store's `maxAgeMs`: it is a dead letter now. */
  expired: DeadMessage;
  /** A stored message had to make room for a newer one, where the store drops the oldest: it is a dead letter now. */
  displaced: DeadMessage;
  /** There were more dead letters than the store's `maxDeadLetters`: this one, the oldest, is deleted. */
  deadLetterDeleted: DeadMessage;
  /** The store has no room for a further message to this user: `limit` says of what. Its sender is not acknowledged. */
  queueFull: { readonly userId: string; readonly limit: QueueLimit; readonly message: Message };
  /** A user has acknowledged a packet that this server wrote. */
  received: { readonly userId: string; readonly from: string; readonly fingerprint: string };
  /** QoS packets that a user never acknowledged, after the last copy. */
  lost: { readonly userId: string; readonly messages: readonly Message[] };
  /** A message was handed to the bridge's broker. */
  bridged: Message;
  /** A message could not be handed to the bridge. */
  bridgeFailed: { readonly message: Message; readonly error: Error };
  /** The bridge has joined the other system, or cannot reach it and keeps trying; `error` says why. */
  bridge:
    | { readonly state: 'joined'; readonly error: undefined }
    | { readonly state: 'away'; readonly error: Error };
  /** A message that came over the bridge cannot be handled. The bridge keeps it among its own dead letters. */
  bridgeRejected: { readonly code: string; readonly reason: string };
  /** A peer sent what cannot be read. */
  violation: {
    readonly code: ProtocolErrorCode;
    readonly reason: string;
    readonly transport: string;
    readonly remoteAddress: string;
    readonly userId: string | undefined;
  };
  /** A packet was dropped on purpose. Told once for each message, not once for each copy. */
  rejected: {
    readonly reason: RejectedReason;
    /** The packet's type. */
    readonly type: number;
    /** Its receiver, if it names one. */
    readonly to: string | undefined;
    /** Its fingerprint; for an acknowledgement, the fingerprint that it acknowledges. */
    readonly fingerprint: string | undefined;
    readonly transport: string;
    readonly remoteAddress: string;
    readonly userId: string | undefined;
  };
  /** A limit was reached and acted. */
  limited: {
    readonly limit: LimitName;
    readonly value: number;
    readonly remoteAddress: string;
    readonly userId: string | undefined;
  };
  /** Something failed inside: a hook threw, a store or a socket failed. */
  error: Error;
}
