import type { Instant } from '@imcore/protocol';
import type { Entry } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { FrameHead, Hint, NodeState } from './frames.js';

/** How long the end of a process is remembered, in milliseconds: its late frames must not bring it back. */
const REMEMBER_MS = 60_000;

/** Maximum number of ended processes, and of nodes with another store, that are remembered. */
const MAX_REMEMBERED = 10_000;

/** For how long a beat repeats the number of hints to a node, in milliseconds. */
const REPEAT_HINTS_MS = 10_000;

/**
 * Another node, from its first beat on until it is lost. Its entry in a ring is the wait for the next beat.
 *
 * The hint frames between two nodes are numbered, so that the receiver notices lost ones. The first number is a later one each time
 * that the peer becomes known: it was not hinted in between.
 */
export class Peer implements RingEntry {
  readonly nodeId: string;
  readonly life: number;
  state: NodeState = 'up';
  heardAt: Instant;
  /** When it was last asked for all of its sessions, or answered. */
  askedAt: Instant = Number.NEGATIVE_INFINITY;
  /** For the next hint frame: the messages that the store has got for users; `unknown` if the node must read them there. */
  readonly #hints = new Map<string, Entry[] | 'unknown'>();
  /** Messages without QoS that are to be sent in this turn. */
  passes: string[] = [];
  /** The number before that of the first hint frame to this peer. */
  readonly hintsFrom: number;
  /** The number of the last hint frame to this peer. */
  hintsTo: number;
  /** When the number changed. */
  #hintedAt: Instant;
  /** The number of the last hint frame of this peer; undefined before the first is known. */
  #hintsHeard: number | undefined;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor({ nodeId, life }: FrameHead, now: Instant) {
    this.nodeId = nodeId;
    this.life = life;
    this.heardAt = now;
    // In microseconds: no node sends so many frames.
    this.hintsFrom = Math.floor(now * 1000);
    this.hintsTo = this.hintsFrom;
    this.#hintedAt = now;
  }

  /** The next hint frame says that the store has got a message for a user. */
  addHint(userId: string, entry: Entry | undefined): void {
    const entries = this.#hints.get(userId);
    if (entry === undefined || entries === 'unknown') this.#hints.set(userId, 'unknown');
    else if (entries === undefined) this.#hints.set(userId, [entry]);
    else entries.push(entry);
  }

  /** Removes and returns what the next hint frame says. */
  takeHints(): readonly Hint[] {
    const hints = Array.from(this.#hints, ([userId, entries]) =>
      entries === 'unknown' ? userId : entries,
    ).flat();
    this.#hints.clear();
    return hints;
  }

  /** So many hint frames were sent. */
  countHints(frames: number, now: Instant): void {
    this.hintsTo += frames;
    this.#hintedAt = now;
  }

  /** Whether the next beat has to repeat {@link hintsTo}. */
  hasRecentHints(now: Instant): boolean {
    return now - this.#hintedAt <= REPEAT_HINTS_MS;
  }

  /** Its hint frame number `n` has arrived. Returns false if frames before it are missing. `from`: its {@link hintsFrom}. */
  heardHint(from: number, n: number): boolean {
    return this.#heardUpTo(from, n, n - 1);
  }

  /** It says that its last hint frame had this number. Returns false if frames are missing. `from`: its {@link hintsFrom}. */
  heardHintCount(from: number, to: number): boolean {
    return this.#heardUpTo(from, to, to);
  }

  #heardUpTo(from: number, to: number, expected: number): boolean {
    const heard = this.#hintsHeard ?? from;
    this.#hintsHeard = Math.max(heard, to);
    return expected <= heard;
  }
}

/**
 * How a node finds the sender of a frame. `known`: a peer. `unknown`: none yet, or a successor of one: its first beat makes it a
 * peer. `ended`: a process that has ended, or has a successor. `self`: this process. `name-taken`: a later process has the
 * name of this node.
 */
type Standing = 'known' | 'unknown' | 'ended' | 'self' | 'name-taken';

/** The other nodes. Pure: the caller passes the time, and removes peers that it has not heard. */
export class Membership {
  readonly #self: FrameHead;
  readonly #store: string;
  readonly #peers = new Map<string, Peer>();
  /** Of peers that were removed, the earliest first. */
  readonly #removed = new Map<
    string,
    { readonly peer: Peer; readonly at: Instant; readonly hasEnded: boolean }
  >();
  /** Nodes that were reported because they have another store. */
  readonly #foreign = new Set<string>();

  /** `store`: the identity of the store. */
  constructor(self: FrameHead, store: string) {
    this.#self = self;
    this.#store = store;
  }

  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  standingOf({ nodeId, life }: FrameHead, now: Instant): Standing {
    if (nodeId === this.#self.nodeId) {
      if (life === this.#self.life) return 'self';
      return life > this.#self.life ? 'name-taken' : 'ended';
    }
    const peer = this.#peers.get(nodeId);
    if (peer !== undefined && life <= peer.life) return life === peer.life ? 'known' : 'ended';
    const removed = this.#removed.get(nodeId);
    // A process with a smaller number that is there after this time is no late frame: the clock was set back before it was started.
    if (removed === undefined || now - removed.at >= REMEMBER_MS || life > removed.peer.life)
      return 'unknown';
    return removed.hasEnded || life < removed.peer.life ? 'ended' : 'unknown';
  }

  /** Whether a node has the same store. `report`: it has not, and was not reported yet. */
  checkStore({ nodeId, life }: FrameHead, store: string): 'same' | 'report' | 'reported' {
    if (store === this.#store) return 'same';
    return this.mustReport({ nodeId, life }) ? 'report' : 'reported';
  }

  /** Whether a process that cannot be joined has not been reported yet. */
  mustReport({ nodeId, life }: FrameHead): boolean {
    const name = `${nodeId} ${life}`;
    if (this.#foreign.has(name)) return false;
    if (this.#foreign.size >= MAX_REMEMBERED) this.#foreign.clear();
    this.#foreign.add(name);
    return true;
  }

  /** Adds a peer; there is none of that name. */
  add(head: FrameHead, now: Instant): Peer {
    const peer = new Peer(head, now);
    this.#peers.set(head.nodeId, peer);
    return peer;
  }

  /** `ended`: the process said that it leaves, or has a successor. `lost`: it was not heard, and may come back. */
  remove(peer: Peer, reason: 'ended' | 'lost', now: Instant): void {
    this.#peers.delete(peer.nodeId);
    this.#removed.delete(peer.nodeId);
    this.#removed.set(peer.nodeId, { peer, at: now, hasEnded: reason === 'ended' });
    for (const [nodeId, { at }] of this.#removed) {
      if (now - at < REMEMBER_MS && this.#removed.size <= MAX_REMEMBERED) break;
      this.#removed.delete(nodeId);
    }
  }
}
