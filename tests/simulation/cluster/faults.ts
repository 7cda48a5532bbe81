import type { Clock } from '@imcore/protocol';
import type { MessageStore } from '@imcore/server/ports';
import { ClusterNode } from '../../../packages/server/src/cluster/cluster-node.js';
import { Peer } from '../../../packages/server/src/cluster/membership.js';
import { RecentAppends } from '../../../packages/server/src/cluster/recent-appends.js';
import { ServerCluster } from '../../../packages/server/src/cluster/server-cluster.js';
import { Sweep } from '../../../packages/server/src/cluster/sweep.js';
import { Replay } from '../../../packages/server/src/storage/replay.js';
import { ReplayQueue } from '../../../packages/server/src/storage/replay-queue.js';
import { replace } from '../replace.js';
import type { ClusterSeams } from './cluster-world.js';
import type { ClusterProfile } from './plan.js';

/** A fault that is put into all nodes on purpose, and the breach that must be reported for it. */
interface ClusterFault {
  readonly name: string;
  readonly detectedAs: RegExp;
  /** The profile of its runs: the one that hides it least. */
  readonly profile: ClusterProfile;
  /** How many of these runs must report it. */
  readonly detectedIn: 'most' | 'some';
  readonly seams?: ClusterSeams;
  /** Puts the fault in, and returns what takes it out again. */
  plant?(): () => void;
}

/** What the functions that the fault tests replace must do. */
export const replaced = { looks: true, lastAnnouncementWins: false };

/** A store that says at once that it has stored everything. */
function answersEarly(store: MessageStore, _clock: Clock): MessageStore {
  let id = 1;
  return {
    ...store,
    append: (messages) => {
      store.append(messages).catch(() => {});
      return Promise.resolve(messages.map(() => ({ outcome: 'stored' as const, id, position: id++ })));
    },
  };
}

export const CLUSTER_FAULTS: readonly ClusterFault[] = [
  {
    name: 'a sender is acknowledged before the append',
    detectedAs: /was acknowledged and is lost/,
    profile: 'sharp',
    detectedIn: 'most',
    seams: { store: answersEarly },
  },
  {
    name: 'no node is hinted',
    detectedAs: /waits in the store/,
    profile: 'sparse',
    detectedIn: 'most',
    plant: () => replace(ClusterNode.prototype, 'hint', () => {}),
  },
  {
    name: 'a message in a hint is taken although others are missing before it',
    detectedAs: /waits in the store|came after/,
    profile: 'common',
    detectedIn: 'some',
    plant: () => {
      const { push } = Replay.prototype;
      return replace(Replay.prototype, 'push', function (this: Replay, entry) {
        for (let missing = this.position + 1; missing < entry.position; missing += 1) this.skip(missing);
        return push.call(this, entry);
      });
    },
  },
  {
    name: 'no node sweeps',
    detectedAs: /waits in the store/,
    profile: 'sparse',
    detectedIn: 'some',
    plant: () => replace(Sweep.prototype, 'request', () => {}),
  },
  {
    name: 'messages in transit do not wait until the queue is read',
    detectedAs: /came after/,
    profile: 'moving',
    detectedIn: 'most',
    plant: () => {
      replaced.looks = false;
      return () => {
        replaced.looks = true;
      };
    },
  },
  {
    name: 'messages in transit do not wait for appends under way',
    detectedAs: /came after/,
    profile: 'returning',
    detectedIn: 'some',
    plant: () => replace(ReplayQueue.prototype, 'pendingAppends', () => 0),
  },
  {
    name: 'a node ignores that its session has lost',
    detectedAs: /has had sessions at/,
    profile: 'common',
    detectedIn: 'most',
    plant: () => replace(ServerCluster.prototype, 'claimLost', () => {}),
  },
  {
    name: 'the session that is announced last wins',
    detectedAs: /should have the session/,
    profile: 'common',
    detectedIn: 'some',
    plant: () => {
      replaced.lastAnnouncementWins = true;
      return () => {
        replaced.lastAnnouncementWins = false;
      };
    },
  },
  {
    name: 'appends are not remembered for sessions that become known later',
    detectedAs: /waits in the store/,
    profile: 'sparse',
    detectedIn: 'some',
    plant: () => replace(RecentAppends.prototype, 'has', () => false),
  },
  {
    name: 'a node does not notice that hints were lost',
    detectedAs: /waits in the store/,
    profile: 'sparse',
    detectedIn: 'some',
    plant: () => {
      const restore = [
        replace(Peer.prototype, 'heardHint', () => true),
        replace(Peer.prototype, 'heardHintCount', () => true),
      ];
      return () => {
        for (const one of restore) one();
      };
    },
  },
];
