import { ClaimTable, MAX_OWNERS, NONE } from './claim-table.js';
import { type Claim, type DeviceKey, nextStamp, type SessionClaim, winsOver } from './claims.js';
import { type Change, goneChange } from './frames.js';

/** The number of this node as an owner of claims. */
const OWN = 0;

/** Called when the directory has changed. Each call may change it further. */
export interface DirectoryListener {
  /** A session of another node became known, or the node has a newer one of that device. */
  claimAdded(claim: Claim): void;
  /** A session of another node has ended, or its node is lost. */
  claimRemoved(claim: Claim): void;
  /** A session of this node loses to one of another node, by the rule for duplicate logins: end it, and withdraw its claim. */
  claimLost(own: Claim, winner: Claim): void;
  /** A user has its first session at any node, this one included. */
  userAdded(session: SessionClaim): void;
  /** A user has no session at any node any more; this was the last one. `cause`: its node says so, or is removed itself. */
  userRemoved(session: SessionClaim, cause: 'session-ended' | 'node-removed'): void;
}

/** Which sessions a node has, in numbers. */
interface NodeContent {
  /** Number of the last frame of changes that is contained. */
  readonly seq: number;
  /** XOR of the hashes of all sessions. */
  readonly digest: number;
  readonly users: number;
}

/** The parts of `all` that have arrived of one answer, and the rows that they named. */
interface Snapshot {
  readonly seq: number;
  /** How many parts there are. */
  readonly parts: number;
  readonly taken: Set<number>;
  readonly rows: Set<number>;
}

/** The sessions of one node, as this node knows them. */
interface Replica {
  readonly nodeId: string;
  readonly life: number;
  readonly owner: number;
  seq: number;
  digest: number;
  users: number;
  /** Whether changes before `seq` are missing. */
  hasGap: boolean;
  snapshot: Snapshot | undefined;
}

/**
 * Where the sessions of all users are: the claims of this node, and a replica of those of each other node.
 *
 * Pure. A claim is removed only because its node says so or is removed, so that a node's mistake about others spreads no further.
 */
export class Directory {
  readonly #table = new ClaimTable();
  readonly #listener: DirectoryListener;
  readonly #own: Replica;
  readonly #replicas = new Map<string, Replica>();
  /** By owner. */
  readonly #owners: (Replica | undefined)[];
  #lastStamp = 0;

  constructor(nodeId: string, life: number, listener: DirectoryListener) {
    this.#listener = listener;
    this.#own = createReplica(nodeId, life, OWN);
    this.#owners = [this.#own];
  }

  /** What this node has announced, if all changes up to `seq` are announced. */
  get own(): NodeContent {
    return this.#own;
  }

  /** Number of users with a session at any node. */
  get users(): number {
    return this.#table.users;
  }

  /** Number of sessions of all nodes. */
  get claims(): number {
    return this.#table.size;
  }

  /** Number of users with a session at a node; 0 for an unknown one. */
  usersOf(nodeId: string): number {
    return this.#replicaOf(nodeId)?.users ?? 0;
  }

  /** This node has a new session of a device; its older one is replaced. Returns the claim, which wins over all known ones. */
  claim(device: DeviceKey, firstLoginTime: number, wallTime: number, isFirstLogin: boolean): Claim {
    const known = this.claimOf(device)?.stamp ?? 0;
    this.#lastStamp = nextStamp(wallTime, this.#lastStamp, known, isFirstLogin);
    const { userId, deviceId } = device;
    const claim = { userId, deviceId, firstLoginTime, stamp: this.#lastStamp };
    this.#put(this.#own, claim, this.#table.find(OWN, device));
    return { ...claim, nodeId: this.#own.nodeId, life: this.#own.life };
  }

  /** The session of this node with that stamp has ended. Returns false if it has none, or a newer one of that device. */
  withdraw(device: DeviceKey, stamp: number): boolean {
    const row = this.#table.find(OWN, device);
    if (row === NONE || this.#table.stampOf(row) !== stamp) return false;
    this.#delete(this.#own, row);
    return true;
  }

  /** The claim that wins among those of all nodes or, with `others`, of all but this one. */
  claimOf({ userId, deviceId }: DeviceKey, among: 'all' | 'others' = 'all'): Claim | undefined {
    const table = this.#table;
    let winner: Claim | undefined;
    for (let row = table.firstOf(userId); row !== NONE; row = table.after(row)) {
      if (table.deviceOf(row) !== deviceId || (among === 'others' && table.ownerOf(row) === OWN)) continue;
      const claim = this.#read(row);
      if (claim !== undefined && (winner === undefined || winsOver(claim, winner))) winner = claim;
    }
    return winner;
  }

  /** All claims of a user, of all nodes. */
  claimsOf(userId: string): Claim[] {
    const claims: Claim[] = [];
    for (let row = this.#table.firstOf(userId); row !== NONE; row = this.#table.after(row)) {
      const claim = this.#read(row);
      if (claim !== undefined) claims.push(claim);
    }
    return claims;
  }

  /** The other nodes that have a session of a user, each once. */
  nodesOf(userId: string): readonly string[] {
    const table = this.#table;
    let nodes: string[] | undefined;
    for (let row = table.firstOf(userId); row !== NONE; row = table.after(row)) {
      const owner = table.ownerOf(row);
      const nodeId = owner === OWN ? undefined : this.#owners[owner]?.nodeId;
      if (nodeId === undefined || nodes?.includes(nodeId) === true) continue;
      nodes ??= [];
      nodes.push(nodeId);
    }
    return nodes ?? NO_NODES;
  }

  /** The sessions of this node. */
  ownClaims(): SessionClaim[] {
    return [...this.#table.rowsOf(OWN)].map((row) => this.#table.read(row));
  }

  /** The session that this node has of a device, as a change to announce. */
  ownChange({ userId, deviceId }: DeviceKey): Change {
    const row = this.#table.find(OWN, { userId, deviceId });
    return row === NONE ? goneChange({ userId, deviceId }) : this.#table.read(row);
  }

  /** So many frames of changes were announced: numbers the next one. */
  announced(frames: number): void {
    this.#own.seq += frames;
  }

  /** @throws RangeError for more than 65 534 other nodes. */
  addNode(nodeId: string, life: number): void {
    const free = this.#owners.indexOf(undefined);
    const owner = free === -1 ? this.#owners.length : free;
    if (owner >= MAX_OWNERS) throw new RangeError(`more than ${MAX_OWNERS - 1} other nodes`);
    const replica = createReplica(nodeId, life, owner);
    this.#owners[owner] = replica;
    this.#replicas.set(nodeId, replica);
  }

  /** The node is lost, has left, or has a successor: its claims are removed. */
  removeNode(nodeId: string): void {
    const replica = this.#replicas.get(nodeId);
    if (replica === undefined) return;
    this.#replicas.delete(nodeId);
    for (const row of this.#table.rowsOf(replica.owner)) {
      const claim = this.#claimOf(replica, row);
      this.#table.delete(row);
      this.#listener.claimRemoved(claim);
      if (this.#table.firstOf(claim.userId) === NONE) this.#listener.userRemoved(claim, 'node-removed');
    }
    this.#owners[replica.owner] = undefined;
  }

  /**
   * Applies changes that a node has announced, in the order of `seq`: late and repeated ones are ignored. Returns false if earlier
   * ones are missing.
   */
  applyChanges(nodeId: string, seq: number, changes: readonly Change[]): boolean {
    const replica = this.#replicas.get(nodeId);
    if (replica === undefined || seq <= replica.seq) return true;
    if (seq > replica.seq + 1) replica.hasGap = true;
    replica.seq = seq;
    for (const change of changes) {
      if (change.stamp > 0) this.#apply(replica, change);
      else this.#remove(replica, this.#table.find(replica.owner, change));
    }
    return !replica.hasGap;
  }

  /**
   * Takes one part of all sessions of a node. Those that it names are known at once; those that no part names are removed with the
   * last part. Returns false if parts are missing.
   */
  applyAll(
    nodeId: string,
    seq: number,
    part: number,
    parts: number,
    claims: readonly SessionClaim[],
  ): boolean {
    const replica = this.#replicas.get(nodeId);
    // Changes that were made since the answer must not be undone.
    if (replica === undefined || seq < replica.seq) return replica?.hasGap !== true;
    let { snapshot } = replica;
    if (snapshot?.seq !== seq || snapshot.parts !== parts)
      snapshot = { seq, parts, taken: new Set(), rows: new Set() };
    replica.snapshot = snapshot;
    // Until all parts have come.
    if (seq > replica.seq) replica.hasGap = true;
    replica.seq = seq;
    snapshot.taken.add(part);
    for (const claim of claims) snapshot.rows.add(this.#apply(replica, claim));
    if (snapshot.taken.size < parts) return !replica.hasGap;
    replica.snapshot = undefined;
    replica.hasGap = false;
    for (const row of this.#table.rowsOf(replica.owner)) {
      if (!snapshot.rows.has(row)) this.#remove(replica, row);
    }
    return true;
  }

  /** Compares the replica of a node with what the node says. Returns false if the replica is wrong or not complete. */
  compare(nodeId: string, { seq, digest }: Pick<NodeContent, 'seq' | 'digest'>): boolean {
    const replica = this.#replicas.get(nodeId);
    if (replica === undefined || seq < replica.seq) return true;
    if (digest !== replica.digest) {
      replica.hasGap = true;
      return false;
    }
    // Whatever was missed has changed nothing.
    replica.seq = seq;
    replica.hasGap = false;
    replica.snapshot = undefined;
    return true;
  }

  /** Whether a node's replica is known to be wrong or not complete. */
  hasGap(nodeId: string): boolean {
    return this.#replicas.get(nodeId)?.hasGap === true;
  }

  #replicaOf(nodeId: string): Replica | undefined {
    return nodeId === this.#own.nodeId ? this.#own : this.#replicas.get(nodeId);
  }

  #read(row: number): Claim | undefined {
    const replica = this.#owners[this.#table.ownerOf(row)];
    return replica && this.#claimOf(replica, row);
  }

  #claimOf({ nodeId, life }: Replica, row: number): Claim {
    const { userId, deviceId, firstLoginTime, stamp } = this.#table.read(row);
    // Written out: spreading makes the loss of a node several times as slow.
    return { userId, deviceId, firstLoginTime, stamp, nodeId, life };
  }

  /** Another node has a session. Returns its row. */
  #apply(replica: Replica, session: SessionClaim): number {
    const table = this.#table;
    const known = table.find(replica.owner, session);
    if (known !== NONE && table.stampOf(known) === session.stamp) return known;
    const row = this.#put(replica, session, known);
    const claim = this.#claimOf(replica, row);
    this.#listener.claimAdded(claim);
    const ownRow = known === NONE ? table.find(OWN, session, row) : table.find(OWN, session);
    const own = ownRow === NONE ? undefined : this.#claimOf(this.#own, ownRow);
    if (own !== undefined && winsOver(claim, own)) this.#listener.claimLost(own, claim);
    return row;
  }

  #remove(replica: Replica, row: number): void {
    if (row === NONE) return;
    const claim = this.#claimOf(replica, row);
    this.#delete(replica, row);
    this.#listener.claimRemoved(claim);
  }

  /** `known`: the owner's row of that device; `NONE` if it has none. Returns its row. */
  #put(replica: Replica, session: SessionClaim, known: number): number {
    if (known !== NONE) {
      replica.digest = (replica.digest ^ this.#table.hashOf(known)) >>> 0;
      this.#table.change(known, session);
      replica.digest = (replica.digest ^ this.#table.hashOf(known)) >>> 0;
      return known;
    }
    const { userId } = session;
    const isFirst = this.#table.firstOf(userId) === NONE;
    const row = this.#table.add(replica.owner, session);
    if (this.#table.countOf(replica.owner, userId, row) === 1) replica.users += 1;
    replica.digest = (replica.digest ^ this.#table.hashOf(row)) >>> 0;
    if (isFirst) this.#listener.userAdded(session);
    return row;
  }

  #delete(replica: Replica, row: number): void {
    const session = this.#table.read(row);
    replica.digest = (replica.digest ^ this.#table.hashOf(row)) >>> 0;
    this.#table.delete(row);
    if (this.#table.countOf(replica.owner, session.userId) === 0) replica.users -= 1;
    if (this.#table.firstOf(session.userId) === NONE) this.#listener.userRemoved(session, 'session-ended');
  }
}

const NO_NODES: readonly string[] = [];

function createReplica(nodeId: string, life: number, owner: number): Replica {
  return { nodeId, life, owner, seq: 0, digest: 0, users: 0, hasGap: false, snapshot: undefined };
}
