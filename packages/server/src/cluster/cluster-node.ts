import type { BinaryString, Instant } from '@imcore/protocol';
import { asError, ClusterError } from '../errors.js';
import type { Cluster } from '../ports/cluster.js';
import type { Entry } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import { Announcements } from './announcements.js';
import type { Claim, DeviceKey } from './claims.js';
import type { ClusterListener, NodeInfo, UserPage } from './cluster-listener.js';
import { Directory } from './directory.js';
import { FrameSender } from './frame-sender.js';
import {
  decodeFrame,
  type ForeignFrame,
  type Frame,
  type FrameHead,
  type Kick,
  type NodeState,
  VERSION,
} from './frames.js';
import { GatheredFrames } from './gathered-frames.js';
import { Membership, type Peer } from './membership.js';
import { RemoteCalls } from './remote-calls.js';

const BEAT_MS = 1000;

/** How long a node may be silent before it is lost, in milliseconds. */
const SILENT_MS = 4000;

/** Minimum time between two requests for all sessions of a node, in milliseconds. */
const ASK_MS = 100;

/** How often nodes are asked again whose sessions are not complete, in milliseconds. */
const ASK_AGAIN_MS = 250;

/** What waits for its turn in a ring. */
class Wait implements RingEntry {
  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;
}

/**
 * This server as a node of a cluster: announces its sessions, and knows those of the other nodes.
 *
 * Drives the pure parts with the clock and the bus. Nothing that it knows is certain: the bus may lose frames, and all
 * announcements are late. The claims that it knows become right within 100 ms, or 2.5 s where frames are lost.
 */
export class ClusterNode {
  readonly #runtime: Runtime;
  readonly #cluster: Cluster;
  readonly #store: string;
  readonly #listener: ClusterListener;
  readonly #head: FrameHead;
  readonly #directory: Directory;
  readonly #membership: Membership;
  readonly #announcements: Announcements;
  readonly #sender: FrameSender;
  readonly #calls: RemoteCalls;
  readonly #gathered: GatheredFrames;
  readonly #beats: DeadlineRing;
  readonly #asks: DeadlineRing;
  readonly #silences: DeadlineRing;
  readonly #beatWait = new Wait();
  readonly #askWait = new Wait();
  #state: NodeState = 'up';
  #phase: 'new' | 'started' | 'stopped' = 'new';

  /** `store`: the identity of the shared store: nodes with another one are not joined. */
  constructor(runtime: Runtime, cluster: Cluster, store: string, listener: ClusterListener) {
    const { clock, timers, random } = runtime;
    this.#runtime = runtime;
    this.#cluster = cluster;
    this.#store = store;
    this.#listener = listener;
    // Of two processes that start in the same millisecond, one is the later one as well.
    const life = clock.wallTime() * 1000 + Math.floor(random() * 1000);
    this.#head = { nodeId: cluster.nodeId, life };
    this.#directory = new Directory(cluster.nodeId, life, {
      claimAdded: (claim) => listener.claimAdded(claim),
      claimRemoved: (claim) => listener.claimRemoved(claim),
      userAdded: (session) => listener.userAdded(session),
      userRemoved: (session, cause) => listener.userRemoved(session, cause),
      claimLost: (own, winner) => {
        runtime.metrics.clusterClaimsLost += 1;
        listener.claimLost(own, winner);
      },
    });
    this.#membership = new Membership(this.#head, store);
    this.#sender = new FrameSender(cluster, this.#head, runtime);
    this.#announcements = new Announcements(runtime, this.#directory, this.#sender);
    const { peers } = this.#membership;
    this.#calls = new RemoteCalls(runtime, life, { sender: this.#sender, listener, peers });
    this.#gathered = new GatheredFrames(runtime, {
      ...{ sender: this.#sender, peers, maxFrameBytes: () => cluster.maxFrameBytes },
      guard: (run) => this.#guard(run),
    });
    this.#beats = timers.ring(BEAT_MS, () => this.#beat());
    this.#asks = timers.ring(ASK_AGAIN_MS, () => this.#askAgain());
    this.#silences = timers.ring<Peer>(SILENT_MS, (peer) => this.#remove(peer, 'lost'));
    runtime.metrics.beforeRead(() => this.#updateMetrics());
  }

  get nodeId(): string {
    return this.#head.nodeId;
  }

  /** Which process of that name this is: greater for a later one. */
  get life(): number {
    return this.#head.life;
  }

  /** Joins. Resolves without the bus, too. */
  async start(): Promise<void> {
    this.#phase = 'started';
    this.#asks.start(this.#askWait, this.#runtime.clock.now());
    await this.#cluster.start({
      receive: (bytes) => this.#guard(() => this.#receive(bytes)),
      joined: () => this.#guard(() => this.#joined()),
      away: (error) => this.#guard(() => this.#away(error)),
    });
  }

  /** Leaves: the other nodes forget the sessions of this one at once. */
  async close(): Promise<void> {
    if (this.#phase === 'started') this.#sender.broadcast({ kind: 'bye' });
    this.#stop();
    await this.#cluster.close();
  }

  /** The other nodes, in the order in which they became known. */
  nodes(): NodeInfo[] {
    const now = this.#runtime.clock.now();
    return [...this.#membership.peers.values()].map(({ nodeId, state, heardAt }) => {
      return { nodeId, users: this.#directory.usersOf(nodeId), state, silentMs: now - heardAt };
    });
  }

  /** Number of users with a session at any node. */
  get onlineCount(): number {
    return this.#directory.users;
  }

  /** All claims of a user, also of this node. */
  whereIs(userId: string): Claim[] {
    return this.#directory.claimsOf(userId);
  }

  /** The other nodes that have a session of a user, each once. */
  nodesOf(userId: string): readonly string[] {
    return this.#directory.nodesOf(userId);
  }

  /** The claim of another node with which a login of this device must be compared: see `decideAgainstClaim`. */
  rivalOf(device: DeviceKey): Claim | undefined {
    return this.#directory.claimOf(device, 'others');
  }

  /**
   * A session of this node has started. It replaces the older one of the device here, which needs no `withdraw`.
   * `firstLoginTime`: what `loginTimeOf` returns, given the time of the rival as well. Returns the claim, which wins over all known
   * ones if the login was not to be kicked out.
   */
  claim(device: DeviceKey, firstLoginTime: number, isFirstLogin: boolean): Claim {
    const wallTime = this.#runtime.clock.wallTime();
    const claim = this.#directory.claim(device, firstLoginTime, wallTime, isFirstLogin);
    this.#announcements.add(device);
    return claim;
  }

  /** The session with this stamp has ended. Does nothing if the device has a newer one here. */
  withdraw(device: DeviceKey, stamp: number): void {
    if (this.#directory.withdraw(device, stamp)) this.#announcements.add(device);
  }

  /**
   * The store has got messages for a user: tells a node, together with all others of this turn. `entry`: the message, which the
   * node then need not read; undefined if it is not known.
   */
  hint(nodeId: string, userId: string, entry?: Entry): void {
    if (this.#phase === 'started') this.#gathered.addHint(nodeId, userId, entry);
  }

  /**
   * Sends the frame body of a message without QoS to a node; nobody learns whether it arrives. Returns false if the node is not
   * known, or the message does not fit into a frame.
   */
  pass(nodeId: string, body: BinaryString): boolean {
    return this.#phase === 'started' && this.#gathered.addMessage(nodeId, body);
  }

  /** Says to the other nodes whether this one takes new users. */
  setState(state: NodeState): void {
    this.#state = state;
    this.#beat();
  }

  /** Ends sessions of a user at the other nodes: see {@link RemoteCalls.kick}. */
  kick(kick: Kick): Promise<number> {
    const claims = this.whereIs(kick.userId).filter(({ nodeId }) => nodeId !== this.nodeId);
    return this.#calls.kick(kick, claims);
  }

  /** Asks another node for its users: see {@link RemoteCalls.list}. */
  list(nodeId: string, after: string, limit: number): Promise<UserPage> {
    return this.#calls.list(nodeId, after, limit);
  }

  #updateMetrics(): void {
    const isIn = this.#phase === 'started';
    const now = this.#runtime.clock.now();
    const ages = [...this.#membership.peers.values()].map(({ heardAt }) => now - heardAt);
    this.#runtime.metrics.clusterClaims = isIn ? this.#directory.claims : 0;
    this.#runtime.metrics.clusterOldestBeatMs = isIn ? Math.round(Math.max(0, ...ages)) : 0;
  }

  #guard(run: () => void): void {
    if (this.#phase !== 'started') return;
    try {
      run();
    } catch (error) {
      this.#runtime.reportBug(asError(error));
    }
  }

  #stop(): void {
    this.#phase = 'stopped';
    this.#announcements.stop();
    this.#beats.stop(this.#beatWait);
    this.#asks.stop(this.#askWait);
    for (const peer of this.#membership.peers.values()) this.#silences.stop(peer);
    this.#calls.close();
  }

  #joined(): void {
    this.#runtime.metrics.clusterJoined = 1;
    this.#beat();
    this.#listener.busJoined();
  }

  #away(error: Error): void {
    this.#runtime.metrics.clusterJoined = 0;
    this.#listener.busAway(error);
  }

  /** Sends the beat to all nodes, or to one that has just become known. */
  #beat(to?: Peer): void {
    if (this.#phase !== 'started') return;
    // A beat describes what is announced.
    this.#announcements.send();
    const now = this.#runtime.clock.now();
    const { seq, digest, users } = this.#directory.own;
    const items = [...this.#membership.peers.values()]
      .filter((peer) => peer.hasRecentHints(now))
      .map(({ nodeId, hintsFrom, hintsTo }) => ({ nodeId, from: hintsFrom, to: hintsTo }));
    const body = { seq, digest, users, state: this.#state, store: this.#store, items };
    if (to !== undefined) {
      this.#sender.send(to.nodeId, { kind: 'beat', ...body });
      return;
    }
    this.#sender.broadcast({ kind: 'beat', ...body });
    this.#beats.start(this.#beatWait, now);
  }

  #receive(bytes: Uint8Array): void {
    const { metrics } = this.#runtime;
    metrics.clusterFramesReceived += 1;
    metrics.clusterBytesReceived += bytes.byteLength;
    const frame = decodeFrame(bytes);
    if (frame === 'unreadable') metrics.clusterFramesUnreadable += 1;
    if (frame === 'unreadable' || frame === 'unknown') return;
    if (frame.kind === 'foreign') {
      metrics.clusterFramesUnreadable += 1;
      this.#otherVersion(frame);
      return;
    }
    const standing = this.#membership.standingOf(frame, this.#runtime.clock.now());
    const peer = this.#membership.peers.get(frame.nodeId);
    if (standing === 'known' && peer !== undefined) this.#handle(peer, frame);
    else if (frame.kind === 'beat' && standing === 'unknown') this.#add(frame, peer);
    else if (frame.kind === 'beat' && standing === 'name-taken') this.#giveUp(frame);
  }

  #handle(peer: Peer, frame: Frame): void {
    const now = this.#runtime.clock.now();
    peer.heardAt = now;
    this.#silences.start(peer, now);
    const { nodeId } = peer;
    switch (frame.kind) {
      case 'changes':
        if (!this.#directory.applyChanges(nodeId, frame.seq, frame.items)) this.#ask(peer);
        return;
      case 'beat':
        this.#heardBeat(peer, frame);
        return;
      case 'ask':
        this.#announcements.send();
        this.#sender.sendWhole(nodeId, {
          ...{ kind: 'all', seq: this.#directory.own.seq, part: 0, parts: 1 },
          items: this.#directory.ownClaims(),
        });
        return;
      case 'all':
        peer.askedAt = now;
        this.#directory.applyAll(nodeId, frame.seq, frame.part, frame.parts, frame.items);
        return;
      case 'hint':
        this.#runtime.metrics.clusterHintsReceived += frame.items.length;
        this.#listener.hinted(frame.items, nodeId);
        if (!peer.heardHint(frame.from, frame.n)) this.#lostHints(nodeId);
        return;
      case 'pass':
        this.#listener.passed(frame.items);
        return;
      case 'kick':
      case 'kicked':
      case 'list':
      case 'listed':
        this.#calls.received(nodeId, frame);
        return;
      case 'bye':
        this.#remove(peer, 'ended');
        return;
      default:
        frame satisfies never;
    }
  }

  #heardBeat(peer: Peer, beat: Frame & { readonly kind: 'beat' }): void {
    peer.state = beat.state;
    for (const { nodeId, from, to } of beat.items)
      if (nodeId === this.nodeId && !peer.heardHintCount(from, to)) this.#lostHints(peer.nodeId);
    if (!this.#directory.compare(peer.nodeId, beat)) this.#ask(peer);
  }

  #lostHints(nodeId: string): void {
    this.#runtime.metrics.clusterHintsLost += 1;
    this.#listener.hintsLost(nodeId);
  }

  /** A node that is not known sends a beat. `before`: the process of that name that was known. */
  #add(beat: Frame & { readonly kind: 'beat' }, before: Peer | undefined): void {
    const check = this.#membership.checkStore(beat, beat.store);
    if (check === 'report') {
      const message = `node ${beat.nodeId} has the store ${beat.store}, this one ${this.#store}: not joined`;
      this.#listener.failed(new ClusterError('ERR_CLUSTER_OTHER_STORE', message));
    }
    if (check !== 'same') return;
    if (before !== undefined) this.#remove(before, 'ended');
    const now = this.#runtime.clock.now();
    const peer = this.#membership.add(beat, now);
    this.#directory.addNode(peer.nodeId, peer.life);
    this.#silences.start(peer, now);
    this.#runtime.metrics.clusterPeers = this.#membership.peers.size;
    this.#listener.nodeAdded(peer.nodeId);
    this.#beat(peer);
    this.#heardBeat(peer, beat);
  }

  #remove(peer: Peer, reason: 'ended' | 'lost'): void {
    this.#silences.stop(peer);
    this.#membership.remove(peer, reason, this.#runtime.clock.now());
    this.#runtime.metrics.clusterPeers = this.#membership.peers.size;
    this.#directory.removeNode(peer.nodeId);
    this.#listener.nodeRemoved(peer.nodeId);
  }

  #otherVersion({ nodeId, life, version }: ForeignFrame): void {
    if (!this.#membership.mustReport({ nodeId, life })) return;
    const message = `node ${nodeId} sends frames of version ${version}, this node reads version ${VERSION}: it is not joined`;
    this.#listener.failed(new ClusterError('ERR_CLUSTER_OTHER_VERSION', message));
  }

  #giveUp({ nodeId, life }: FrameHead): void {
    this.#stop();
    const message = `another process has the name ${nodeId} and was started later (${life} after ${this.#head.life})`;
    this.#listener.failed(new ClusterError('ERR_CLUSTER_NAME_TAKEN', message));
  }

  #ask(peer: Peer): void {
    const now = this.#runtime.clock.now();
    if (now - peer.askedAt < ASK_MS) return;
    peer.askedAt = now;
    this.#runtime.metrics.clusterGaps += 1;
    this.#sender.send(peer.nodeId, { kind: 'ask' });
  }

  #askAgain(): void {
    const now = this.#runtime.clock.now();
    this.#asks.start(this.#askWait, now);
    for (const peer of this.#membership.peers.values())
      if (this.#directory.hasGap(peer.nodeId) && now - peer.askedAt >= ASK_AGAIN_MS) this.#ask(peer);
  }
}
