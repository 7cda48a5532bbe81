import { ClusterError } from '../errors.js';
import type { Runtime } from '../runtime.js';
import type { Claim } from './claims.js';
import type { ClusterListener, UserPage } from './cluster-listener.js';
import type { FrameSender } from './frame-sender.js';
import type { FrameBody, Kick } from './frames.js';
import type { Peer } from './membership.js';
import { Requests } from './requests.js';

/** Maximum number of users in one answer to `list`. */
const MAX_LISTED = 1000;

/** A frame of a request or of its answer. */
type CallFrame = Extract<FrameBody, { kind: 'kick' | 'kicked' | 'list' | 'listed' }>;

interface RemoteCallParts {
  readonly sender: FrameSender;
  readonly listener: Pick<ClusterListener, 'kick' | 'list'>;
  /** The other nodes, by name. */
  readonly peers: ReadonlyMap<string, Peer>;
}

/** What a node has other nodes do, and does for them: ends sessions of a user, and lists users. */
export class RemoteCalls {
  readonly #parts: RemoteCallParts;
  readonly #requests: Requests;

  /** `life`: which process of its name this node is. */
  constructor({ clock, timers }: Runtime, life: number, parts: RemoteCallParts) {
    this.#parts = parts;
    this.#requests = new Requests(clock, timers, life, (nodeId, body) => parts.sender.send(nodeId, body));
  }

  /**
   * Ends sessions of a user at other nodes. `claims`: those of the user there. Resolves with the number of sessions. A request that
   * is repeated ends no session that was not known when it was made: the user may have logged in again since.
   *
   * @throws ClusterError `ERR_NODE_TIMEOUT` if a node has not answered within 2 s; it may have done it.
   */
  async kick(kick: Kick, claims: readonly Claim[]): Promise<number> {
    const lastStamps = new Map<string, number>();
    for (const { nodeId, stamp } of claims)
      lastStamps.set(nodeId, Math.max(lastStamps.get(nodeId) ?? 0, stamp));
    const answers = await Promise.all(
      [...lastStamps].map(([nodeId, upTo]) =>
        this.#requests.ask(nodeId, (id, isRepeat) =>
          isRepeat ? { kind: 'kick', id, ...kick, upTo } : { kind: 'kick', id, ...kick },
        ),
      ),
    );
    return answers.reduce((sum, answer) => sum + (answer.kind === 'kicked' ? answer.count : 0), 0);
  }

  /**
   * Asks another node for at most `limit` of its users, in the order of their IDs, after `after`; `""` for the first. There may be
   * fewer in a page although there are more.
   *
   * @throws ClusterError `ERR_NODE_UNKNOWN`, or `ERR_NODE_TIMEOUT` if it has not answered within 2 s.
   */
  async list(nodeId: string, after: string, limit: number): Promise<UserPage> {
    if (!this.#parts.peers.has(nodeId))
      throw new ClusterError('ERR_NODE_UNKNOWN', `node ${nodeId} is not in the cluster`);
    const answer = await this.#requests.ask(nodeId, (id) => ({ kind: 'list', id, after, limit }));
    return answer.kind === 'listed'
      ? { userIds: answer.items, hasMore: answer.hasMore }
      : { userIds: [], hasMore: false };
  }

  /** A request or an answer of another node has arrived. */
  received(nodeId: string, frame: CallFrame): void {
    const { listener, sender } = this.#parts;
    switch (frame.kind) {
      case 'kick':
        sender.send(nodeId, { kind: 'kicked', id: frame.id, count: listener.kick(frame) });
        return;
      case 'list': {
        const limit = Math.min(frame.limit, MAX_LISTED);
        const found = listener.list(frame.after, limit + 1);
        const items = found.slice(0, limit);
        sender.send(nodeId, { kind: 'listed', id: frame.id, hasMore: found.length > limit, items });
        return;
      }
      case 'kicked':
      case 'listed':
        this.#requests.answered(nodeId, frame);
        return;
      default:
        frame satisfies never;
    }
  }

  /** Requests that are not answered are rejected. */
  close(): void {
    this.#requests.close();
  }
}
