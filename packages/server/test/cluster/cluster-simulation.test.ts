import { SeededRandom, SimulatedBus, VirtualClock } from '@imcore/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Claim } from '../../src/cluster/claims.js';
import { Directory } from '../../src/cluster/directory.js';
import { Peer } from '../../src/cluster/membership.js';
import { ClusterProcess, describeClaim, ProcessClock, type ProcessFaults } from './support.js';

const SEEDS = Number(process.env['SEEDS'] ?? 60);
const NAMES = ['a', 'b', 'c'] as const;
const TROUBLE_MS = 20_000;
const CALM_MS = 10_000;
/** A node that crashed is gone everywhere after so long. */
const LOST_AFTER_MS = 5000;
const CHECK_EVERY_MS = 250;

interface Crash {
  readonly nodeId: string;
  readonly life: number;
  readonly at: number;
}

interface Hint {
  readonly from: string;
  readonly to: ClusterProcess;
  readonly userId: string;
  readonly at: number;
}

/** Three processes for some time of trouble and a time of calm, and what was wrong. */
class ClusterRun {
  readonly breaches: string[] = [];
  readonly #clock = new VirtualClock();
  readonly #random: SeededRandom;
  readonly #bus: SimulatedBus;
  readonly #faults: ProcessFaults;
  readonly #running = new Map<string, ClusterProcess>();
  /** When each paused process stopped, or went on. */
  readonly #pausedAt = new Map<ClusterProcess, { isPaused: boolean; at: number }>();
  readonly #crashes: Crash[] = [];
  readonly #hints: Hint[] = [];
  readonly #times: number[] = [-1, -1, -1];
  #isCalm = false;

  constructor(seed: number, faults: ProcessFaults) {
    this.#random = new SeededRandom(seed);
    this.#faults = faults;
    const conditions = { loss: 0.05, duplication: 0.05 };
    this.#bus = new SimulatedBus({ clock: this.#clock, random: this.#random.fork('bus'), conditions });
  }

  async run(): Promise<readonly string[]> {
    for (const name of NAMES) await this.#start(name);
    this.#every(CHECK_EVERY_MS, () => this.#checkLost());
    while (this.#clock.now() < TROUBLE_MS) {
      await this.#clock.advanceAsync(this.#random.between(0, 120), 3);
      await this.#act();
    }
    await this.#calm();
    const left = this.#sessions();
    await this.#clock.advanceAsync(CALM_MS, 3);
    this.#checkSessions(left);
    this.#checkDirectories();
    this.#checkHints();
    return this.breaches;
  }

  async #start(name: string): Promise<void> {
    const clock = new ProcessClock(this.#clock, this.#random.int(-250, 250));
    const random = this.#random.fork(`${name} ${this.#clock.now()}`);
    const process = new ClusterProcess(this.#bus, name, clock, random, this.#faults);
    this.#running.set(name, process);
    await process.start();
  }

  async #act(): Promise<void> {
    const random = this.#random;
    const process = this.#running.get(random.pick(NAMES));
    const device = { userId: `u${random.int(1, 8)}`, deviceId: random.pick(['', '', 'phone']) };
    if (process === undefined) return;
    const isPaused = this.#pausedAt.get(process)?.isPaused === true;
    const dice = random.next();
    if (dice < 0.55) {
      const claim = isPaused ? undefined : process.login(device, random.pick(this.#times));
      if (claim !== undefined) this.#times[random.int(0, 2)] = claim.firstLoginTime;
    } else if (dice < 0.75) {
      if (!isPaused) process.logout(device);
    } else if (dice < 0.93) {
      if (!isPaused) this.#hint(process);
    } else if (dice < 0.945) this.#crash(process);
    else if (dice < 0.955) await this.#leave(process);
    else if (dice < 0.97) {
      this.#setPaused(process, true);
      this.#later(random.between(100, 8000), () => this.#setPaused(process, false));
    } else if (dice < 0.98) {
      process.member.goAway();
      this.#later(random.between(100, 6000), () => process.member.comeBack());
    } else if (dice < 0.99) {
      this.#bus.stop();
      this.#later(random.between(100, 6000), () => this.#bus.restart());
    } else {
      const alone = random.pick(NAMES);
      this.#bus.split(
        [alone],
        NAMES.filter((name) => name !== alone),
      );
      this.#later(random.between(100, 8000), () => this.#bus.heal());
    }
  }

  #hint(from: ClusterProcess): void {
    const to = this.#random.pick([...this.#running.values()]);
    if (!from.node.nodes().some(({ nodeId }) => nodeId === to.nodeId)) return;
    const hint = { from: from.nodeId, to, userId: `u${this.#random.int(1, 1e9)}`, at: this.#clock.now() };
    from.node.hint(to.nodeId, hint.userId);
    // What a process that ends has not told anybody is found when it is lost.
    this.#hints.push(hint);
  }

  #crash(process: ClusterProcess): void {
    process.crash();
    this.#crashes.push({ nodeId: process.nodeId, life: process.life, at: this.#clock.now() });
    this.#restartLater(process.nodeId);
  }

  async #leave(process: ClusterProcess): Promise<void> {
    if (this.#pausedAt.get(process)?.isPaused === true) return;
    await process.close();
    this.#restartLater(process.nodeId);
  }

  #restartLater(name: string): void {
    this.#running.delete(name);
    this.#later(this.#random.between(10, 6000), () => void this.#start(name));
  }

  #setPaused(process: ClusterProcess, isPaused: boolean): void {
    if (isPaused) process.pause();
    else process.resume();
    this.#pausedAt.set(process, { isPaused, at: this.#clock.now() });
  }

  /** Ends all trouble but the loss of frames. Processes that are to be started are started. */
  async #calm(): Promise<void> {
    this.#isCalm = true;
    this.#bus.heal();
    this.#bus.restart();
    for (const process of this.#running.values()) {
      process.member.comeBack();
      if (this.#pausedAt.get(process)?.isPaused === true) this.#setPaused(process, false);
    }
    for (const name of NAMES) if (!this.#running.has(name)) await this.#start(name);
  }

  #later(ms: number, run: () => void): void {
    this.#clock.schedule(this.#clock.now() + ms, () => {
      if (!this.#isCalm) run();
    });
  }

  #every(ms: number, run: () => void): void {
    this.#clock.schedule(this.#clock.now() + ms, () => {
      run();
      this.#every(ms, run);
    });
  }

  #sessions(): Claim[] {
    return [...this.#running.values()].flatMap(({ sessions }) =>
      [...sessions.values()].map(({ claim }) => claim),
    );
  }

  #checkLost(): void {
    const now = this.#clock.now();
    for (const process of this.#running.values()) {
      const pause = this.#pausedAt.get(process);
      if (pause !== undefined && (pause.isPaused || now - pause.at < LOST_AFTER_MS)) continue;
      const known = userIds.flatMap((userId) => process.node.whereIs(userId));
      for (const { nodeId, life, at } of this.#crashes) {
        if (now - at < LOST_AFTER_MS) continue;
        if (known.some((claim) => claim.nodeId === nodeId && claim.life === life))
          this.breaches.push(`${process.nodeId} has claims of ${nodeId} ${life}, which crashed at ${at}`);
      }
    }
  }

  /** Of the sessions at the beginning of the calm, of each device the one is left that the rule names. */
  #checkSessions(before: readonly Claim[]): void {
    const expected = new Map<string, Claim>();
    for (const claim of before) {
      const key = `${claim.userId}/${claim.deviceId}`;
      const other = expected.get(key);
      if (other === undefined || isLater(claim, other)) expected.set(key, claim);
    }
    this.#compare('the sessions that are left', this.#sessions(), [...expected.values()]);
  }

  #checkDirectories(): void {
    const sessions = this.#sessions();
    for (const { node } of this.#running.values()) {
      const known = userIds.flatMap((userId) => node.whereIs(userId));
      this.#compare(`the directory of ${node.nodeId}`, known, sessions);
      const others = NAMES.filter((name) => name !== node.nodeId).join();
      const nodes = node.nodes().map(({ nodeId }) => nodeId);
      if (nodes.sort().join() !== others) this.breaches.push(`${node.nodeId} knows the nodes ${nodes}`);
      for (const { nodeId, users } of node.nodes()) {
        const here = sessions.filter((claim) => claim.nodeId === nodeId).map(({ userId }) => userId);
        if (new Set(here).size !== users)
          this.breaches.push(`${node.nodeId} counts ${users} users at ${nodeId}`);
      }
    }
  }

  #compare(what: string, found: readonly Claim[], expected: readonly Claim[]): void {
    const [is, mustBe] = [found, expected].map((claims) => claims.map(describeClaim).sort().join('; '));
    if (is !== mustBe) this.breaches.push(`${what}: ${is} instead of ${mustBe}`);
  }

  /** A hint arrives, or its receiver knows that it has to ask the store. */
  #checkHints(): void {
    for (const { from, to, userId, at } of this.#hints) {
      if (this.#running.get(to.nodeId) !== to) continue;
      const isKnown = to.calls.some(
        ({ call, nodeId, at: calledAt }) =>
          calledAt >= at &&
          (call === 'busJoined' ||
            (nodeId === from &&
              [`hinted ${userId}`, 'hintsLost', 'nodeAdded', 'nodeRemoved'].includes(call))),
      );
      if (!isKnown) this.breaches.push(`${to.nodeId} does not know of a hint of ${from} at ${at}`);
    }
  }
}

const userIds = [1, 2, 3, 4, 5, 6, 7, 8].map((index) => `u${index}`);

/** The rule of CLUSTER.md, section 2.1, written down a second time. */
function isLater(one: Claim, other: Claim): boolean {
  const rank = ({ deviceId, firstLoginTime, stamp, nodeId }: Claim) =>
    [deviceId === '' ? firstLoginTime : 0, stamp, nodeId] as const;
  const [a, b] = [rank(one), rank(other)];
  if (a[0] !== b[0]) return a[0] > b[0];
  return a[1] === b[1] ? a[2] > b[2] : a[1] > b[1];
}

async function breachesOf(seed: number, faults: ProcessFaults = {}): Promise<readonly string[]> {
  return new ClusterRun(seed, faults).run();
}

describe('three nodes on a bus that loses and duplicates frames', () => {
  const first = Number(process.env['SEED'] ?? 1);
  const seeds = process.env['SEED'] === undefined ? SEEDS : 1;

  it.each(Array.from({ length: seeds }, (_, index) => first + index))('agree after run %i', async (seed) => {
    expect(await breachesOf(seed)).toEqual([]);
  });
});

describe('the simulation', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** The breaches of some runs. */
  async function breachesWith(faults: ProcessFaults = {}): Promise<string> {
    const breaches: string[] = [];
    for (let seed = 1; seed <= 10; seed++) breaches.push(...(await breachesOf(seed, faults)));
    return breaches.join('\n');
  }

  it('detects that the last announcement wins', async () => {
    expect(await breachesWith({ lastAnnouncementWins: true })).toMatch(/the sessions that are left/);
  });

  it('detects that losers are kept', async () => {
    expect(await breachesWith({ keepsLosers: true })).toMatch(/the sessions that are left/);
  });

  it('detects that silent nodes are not lost', async () => {
    expect(await breachesWith({ patient: true })).toMatch(/which crashed/);
  });

  it('detects that digests are ignored', async () => {
    vi.spyOn(Directory.prototype, 'compare').mockReturnValue(true);
    expect(await breachesWith()).toMatch(/the directory of/);
  });

  it('detects that the counts of hints are ignored', async () => {
    vi.spyOn(Peer.prototype, 'heardHint').mockReturnValue(true);
    vi.spyOn(Peer.prototype, 'heardHintCount').mockReturnValue(true);
    expect(await breachesWith()).toMatch(/does not know of a hint/);
  });
});
