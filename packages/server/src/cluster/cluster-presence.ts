import type { Instant } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';
import type { Runtime } from '../runtime.js';
import type { SessionClaim } from './claims.js';
import { responsibleFor } from './rendezvous.js';

/** How long a change is remembered, in milliseconds: longer than it takes until a node is known to be lost. */
const REMEMBER_MS = 10_000;

/** Maximum number of changes, and of users of lost nodes, that are remembered. The oldest are forgotten first. */
const MAX_CHANGES = 100_000;

/** A user came online anywhere in the cluster, or went offline everywhere. */
interface PresenceChange {
  readonly isOnline: boolean;
  readonly session: SessionInfo;
  readonly kickCode: number;
  /** Whether the last session has gone with its node, which may come back. */
  readonly isNodeLost: boolean;
}

interface SeenChange extends PresenceChange {
  readonly at: Instant;
}

/**
 * Emits `online` and `offline` once in the cluster: at the node that is responsible for the user. All nodes see all changes, late
 * by as much as the announcements are.
 *
 * When a node comes or goes, the changes of the last 10 s are looked at again, because the node that was responsible may not have
 * seen them: they may be emitted twice then, but none is left out. A node that joins emits `online` for users who have been online
 * for longer, too. Of a node that was lost and comes back, only those who lost it see a change: who has emitted `offline` for its
 * users emits `online` for them.
 */
export class ClusterPresence {
  readonly #runtime: Runtime;
  readonly #nodeId: string;
  #nodeIds: readonly string[];
  #changes: SeenChange[] = [];
  /** Users for whom this node has emitted `offline`, because their node was lost. */
  readonly #lostUsers = new Set<string>();
  /** Changes by a session of this node that starts or ends just now. */
  #ownChanges: boolean[] | undefined;

  constructor(runtime: Runtime, nodeId: string) {
    this.#runtime = runtime;
    this.#nodeId = nodeId;
    this.#nodeIds = [nodeId];
  }

  /**
   * Calls `announce`, which announces that a session of this node has started or ended, and reports the changes that this makes when
   * it is complete.
   */
  whileAnnouncing(session: SessionInfo, kickCode: number, announce: () => void): void {
    const changes: boolean[] = [];
    this.#ownChanges = changes;
    announce();
    this.#ownChanges = undefined;
    for (const isOnline of changes) this.#changed({ isOnline, session, kickCode, isNodeLost: false });
  }

  /** The first session of a user has started anywhere, or its last one has ended. */
  changed(claim: SessionClaim, isOnline: boolean, isNodeLost: boolean): void {
    if (this.#ownChanges !== undefined) this.#ownChanges.push(isOnline);
    else this.#changed({ isOnline, session: elsewhere(claim), kickCode: -1, isNodeLost });
  }

  #changed(change: PresenceChange): void {
    const at = this.#runtime.clock.now();
    this.#forget(at);
    this.#changes.push({ ...change, at });
    const isBack = change.isOnline && this.#lostUsers.has(change.session.userId);
    if (isBack || this.#isResponsible(change, this.#nodeIds)) this.#emit(change);
  }

  /** Other nodes have come or gone. */
  setPeers(peerIds: readonly string[]): void {
    const before = this.#nodeIds;
    this.#nodeIds = [this.#nodeId, ...peerIds];
    this.#forget(this.#runtime.clock.now());
    for (const change of this.#changes)
      if (this.#isResponsible(change, this.#nodeIds) && !this.#isResponsible(change, before))
        this.#emit(change);
  }

  #isResponsible({ session }: PresenceChange, nodeIds: readonly string[]): boolean {
    return responsibleFor(session.userId, nodeIds) === this.#nodeId;
  }

  #forget(now: Instant): void {
    const oldest = this.#changes[0];
    // Many at once, so that it costs little for each change.
    const isOld = oldest !== undefined && now - oldest.at >= 2 * REMEMBER_MS;
    if (!isOld && this.#changes.length < MAX_CHANGES) return;
    this.#changes = this.#changes.filter(({ at }) => now - at < REMEMBER_MS).slice(-MAX_CHANGES / 2);
  }

  #emit({ isOnline, session, kickCode, isNodeLost }: PresenceChange): void {
    const { events } = this.#runtime;
    const { userId } = session;
    this.#lostUsers.delete(userId);
    if (isNodeLost) this.#remember(userId);
    if (isOnline) events.emit('online', { userId, session });
    else events.emit('offline', { userId, session, kickCode });
  }

  #remember(userId: string): void {
    const [oldest] = this.#lostUsers;
    if (oldest !== undefined && this.#lostUsers.size >= MAX_CHANGES) this.#lostUsers.delete(oldest);
    this.#lostUsers.add(userId);
  }
}

/** What is known of a session at another node. */
function elsewhere({ userId, deviceId, firstLoginTime }: SessionClaim): SessionInfo {
  return {
    ...{ userId, deviceId, firstLoginTime, extra: undefined },
    ...{ sessionId: 0, transport: '', remoteAddress: '', remotePort: 0 },
  };
}
