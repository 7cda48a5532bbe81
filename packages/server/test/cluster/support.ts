import type { Clock, Instant, Scheduled } from '@imcore/protocol';
import { SeededRandom, SimulatedBus, type SimulatedMember, VirtualClock } from '@imcore/testkit';
import { type Claim, type DeviceKey, decideAgainstClaim } from '../../src/cluster/claims.js';
import type { ClusterListener } from '../../src/cluster/cluster-listener.js';
import { ClusterNode } from '../../src/cluster/cluster-node.js';
import { DeadlineQueue } from '../../src/timers/deadline-queue.js';
import { decideLogin, type LoginRecord, loginTimeOf } from '../../src/users/login-order.js';
import { createRuntime } from '../support/runtime.js';

/** The clock of one process of many: with its own wall clock, and stopped while the process is paused. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #offsetMs: number;
  #state: 'running' | 'paused' | 'ended' = 'running';
  readonly #held: (() => void)[] = [];

  constructor(clock: Clock, offsetMs = 0) {
    this.#clock = clock;
    this.#offsetMs = offsetMs;
  }

  now(): Instant {
    return this.#clock.now();
  }

  wallTime(): number {
    return this.#clock.wallTime() + this.#offsetMs;
  }

  schedule(at: Instant, run: () => void): Scheduled {
    let isCancelled = false;
    const fire = () => {
      if (isCancelled || this.#state === 'ended') return;
      if (this.#state === 'paused') this.#held.push(fire);
      else run();
    };
    const scheduled = this.#clock.schedule(at, fire);
    return {
      cancel: () => {
        isCancelled = true;
        scheduled.cancel();
      },
    };
  }

  pause(): void {
    this.#state = 'paused';
  }

  resume(): void {
    this.#state = 'running';
    for (const fire of this.#held.splice(0)) fire();
  }

  end(): void {
    this.#state = 'ended';
  }
}

/** Faults that are put into a process on purpose. */
export interface ProcessFaults {
  /** A claim that becomes known ends the session here, whatever the rule says. */
  readonly lastAnnouncementWins?: boolean;
  /** Sessions that lose are not ended. */
  readonly keepsLosers?: boolean;
  /** Silent nodes are lost after 40 s. */
  readonly patient?: boolean;
}

interface Session {
  readonly claim: Claim;
  readonly login: LoginRecord;
}

/** What a process of a cluster does for its users: the logins of `LoginHandler`, without a server. */
export class ClusterProcess {
  readonly node: ClusterNode;
  readonly member: SimulatedMember;
  readonly clock: ProcessClock;
  readonly sessions = new Map<string, Session>();
  /** Calls of the listener, and their instants. */
  readonly calls: { readonly call: string; readonly nodeId: string; readonly at: Instant }[] = [];
  readonly metrics;
  readonly #faults: ProcessFaults;
  /** Of each user, the latest `firstLoginTime` here. */
  readonly #latest = new Map<string, number>();
  #lastSessionId = 0;

  constructor(
    bus: SimulatedBus,
    nodeId: string,
    clock: ProcessClock,
    random: SeededRandom,
    faults: ProcessFaults = {},
    store = 'store',
  ) {
    this.clock = clock;
    this.member = bus.createMember(nodeId);
    this.#faults = faults;
    const timers = new DeadlineQueue(clock);
    if (faults.patient === true) {
      const ring = timers.ring.bind(timers);
      timers.ring = (waitMs, onDue) => ring(waitMs === 4000 ? 40_000 : waitMs, onDue);
    }
    const runtime = { ...createRuntime(), clock, random: random.next, timers };
    this.metrics = runtime.metrics;
    this.node = new ClusterNode(runtime, this.member, store, this.#listener());
  }

  get nodeId(): string {
    return this.node.nodeId;
  }

  get life(): number {
    return this.node.life;
  }

  start(): Promise<void> {
    return this.node.start();
  }

  crash(): void {
    this.clock.end();
    this.member.crash();
  }

  async close(): Promise<void> {
    await this.node.close();
    this.clock.end();
  }

  pause(): void {
    this.clock.pause();
    this.member.pause();
  }

  resume(): void {
    this.clock.resume();
    this.member.resume();
  }

  /** Returns the claim; undefined if the login was kicked out. */
  login(device: DeviceKey, sent = -1): Claim | undefined {
    this.#lastSessionId += 1;
    const [sessionId, wallTime, key] = [this.#lastSessionId, this.clock.wallTime(), keyOf(device)];
    const latestHere = this.#latest.get(device.userId) ?? 0;
    const rival = this.node.rivalOf(device);
    const own = this.sessions.get(key);
    if (own !== undefined) {
      const decision = decideLogin(sent, sessionId, own.login, latestHere, wallTime);
      if (decision === 'kick-new' || decision === 'end-new') return undefined;
    }
    if (
      rival !== undefined &&
      decideAgainstClaim(rival, sent, sessionId, latestHere, wallTime) === 'kick-new' &&
      rival.deviceId === ''
    )
      return undefined;
    const latest = Math.max(latestHere, rival?.firstLoginTime ?? 0);
    const time = loginTimeOf(sent, latest, wallTime);
    const claim = this.node.claim(device, time, time !== sent);
    this.#latest.set(device.userId, Math.max(latestHere, time));
    this.sessions.set(key, { claim, login: { sent, time, sessionId } });
    return claim;
  }

  logout(device: DeviceKey): void {
    const session = this.sessions.get(keyOf(device));
    if (session === undefined) return;
    this.sessions.delete(keyOf(device));
    this.node.withdraw(device, session.claim.stamp);
  }

  countOf(call: string): number {
    return this.calls.filter((each) => each.call === call).length;
  }

  #listener(): ClusterListener {
    const note = (call: string) => (nodeId: string) => {
      this.calls.push({ call, nodeId, at: this.clock.now() });
    };
    return {
      claimAdded: (claim) => {
        note('claimAdded')(claim.nodeId);
        if (this.#faults.lastAnnouncementWins === true) this.logout(claim);
      },
      claimRemoved: (claim) => note('claimRemoved')(claim.nodeId),
      userAdded: () => {},
      passed: () => {},
      userRemoved: () => {},
      claimLost: (own, winner) => {
        note('claimLost')(winner.nodeId);
        if (this.sessions.get(keyOf(own))?.claim.stamp !== own.stamp)
          throw new Error('not the session of this node');
        if (this.#faults.keepsLosers !== true) this.logout(own);
      },
      nodeAdded: note('nodeAdded'),
      nodeRemoved: note('nodeRemoved'),
      hinted: (hints, nodeId) => {
        for (const hint of hints)
          note(`hinted ${typeof hint === 'string' ? hint : `${hint.to} ${hint.position}`}`)(nodeId);
      },
      hintsLost: note('hintsLost'),
      busJoined: () => note('busJoined')(''),
      busAway: () => note('busAway')(''),
      kick: ({ userId }) => {
        const here = [...this.sessions.values()].filter(({ claim }) => claim.userId === userId);
        for (const { claim } of here) this.logout(claim);
        return here.length;
      },
      list: (after, limit) => {
        const userIds = new Set([...this.sessions.values()].map(({ claim }) => claim.userId));
        return [...userIds]
          .filter((userId) => userId > after)
          .sort()
          .slice(0, limit);
      },
      failed: ({ code }) => note(code)(''),
    };
  }
}

function keyOf({ userId, deviceId }: DeviceKey): string {
  return `${userId}/${deviceId}`;
}

/** Text of a claim that names everything of it. */
export function describeClaim({ userId, deviceId, firstLoginTime, stamp, nodeId, life }: Claim): string {
  return `${userId}/${deviceId} ${firstLoginTime} ${stamp} ${nodeId} ${life}`;
}

/** A cluster in virtual time. */
export class ClusterBench {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(1);
  readonly bus: SimulatedBus;

  constructor(maxFrameBytes = 4096) {
    // Order is kept, unless a test changes the conditions.
    const conditions = { latencyMs: [1, 1] as const, slow: 0 };
    this.bus = new SimulatedBus({ clock: this.clock, random: this.random, conditions, maxFrameBytes });
  }

  /** Starts processes with these names, and lets them find each other. */
  async start<Names extends readonly string[]>(
    ...names: Names
  ): Promise<{ [Index in keyof Names]: ClusterProcess }> {
    const processes = names.map((name) => this.createProcess(name));
    for (const process of processes) await process.start();
    await this.clock.advanceAsync(100);
    return processes as { [Index in keyof Names]: ClusterProcess };
  }

  createProcess(nodeId: string, store?: string): ClusterProcess {
    return new ClusterProcess(this.bus, nodeId, new ProcessClock(this.clock), this.random, {}, store);
  }
}
