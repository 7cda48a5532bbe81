import { RandomHappenings, type Weighted } from '../random-happenings.js';
import type { ClusterWorld, Roamer } from './cluster-world.js';
import type { ClusterProfile } from './plan.js';
import type { SimulatedNode } from './simulated-node.js';

/** Longest times of trouble, in milliseconds: shorter and longer than it takes until a silent node is lost. */
const MAX_PAUSE_MS = 8000;
const MAX_AWAY_MS = 6000;
const MAX_SPLIT_MS = 8000;
const MAX_DOWN_MS = 5000;
const MAX_PARTITION_MS = 5000;

const MAX_BURST = 6;

/** Messages to a receiver that comes back. */
const MESSAGES_TO_RETURNING = 8;

/** How long a client needs to notice that its connection is broken, in milliseconds, at most. */
const NOTICE_MS = 10;

/** Happenings with their relative weights. */
const MESSAGES: Weighted<Trouble> = [
  [8, (now) => now.message()],
  [3, (now) => now.burst()],
];

const MOVES: Weighted<Trouble> = [
  [1, (now) => now.hop()],
  [2, (now) => now.movingSender()],
  [2, (now) => now.movingReceiver()],
];

const FIGHTS: Weighted<Trouble> = [
  [0.8, (now) => now.login()],
  [0.2, (now) => now.logout()],
];

const NODES: Weighted<Trouble> = [
  [0.15, (now) => now.crash()],
  [0.1, (now) => now.leave()],
  [0.2, (now) => now.pause()],
  [0.15, (now) => now.goAway()],
  [0.1, (now) => now.stopBus()],
  [0.15, (now) => now.split()],
  [0.2, (now) => now.partition()],
  [0.2, (now) => now.freeze()],
];

const TABLES: Readonly<Record<ClusterProfile, Weighted<Trouble>>> = {
  common: [...MESSAGES, ...MOVES, ...FIGHTS, ...NODES],
  sharp: [...MESSAGES, ...MOVES, ...MOVES, ...MOVES, ...FIGHTS, ...NODES],
  sparse: [...MESSAGES, ...MOVES, ...FIGHTS],
  moving: [
    [1, (now) => now.message()],
    [8, (now) => now.movedSender()],
  ],
  returning: [[1, (now) => now.returningReceiver()]],
};

/** Makes something random happen again and again until it is stopped. */
export class Trouble extends RandomHappenings {
  readonly #world: ClusterWorld;
  readonly #table: Weighted<Trouble>;

  constructor(world: ClusterWorld) {
    super({
      random: world.random.fork('trouble'),
      clock: world.clock.ownedBy('trouble'),
      journal: world.journal,
      users: world.plan.users,
      maxPauseMs: world.plan.pauseMs,
    });
    this.#world = world;
    this.#table = TABLES[world.plan.profile];
  }

  message(): void {
    this.#roamer().device.send(this.userId(), this.content());
  }

  burst(): void {
    const { device } = this.#roamer();
    const to = this.userId();
    for (let left = this.random.int(2, MAX_BURST); left > 0; left--) device.send(to, this.content());
  }

  hop(): void {
    this.#hop(this.#roamer());
  }

  /** A sender moves right after a message, and sends the next one to the same receiver. */
  movingSender(): void {
    const roamer = this.#roamer();
    const to = this.userId();
    roamer.device.send(to, this.content());
    this.after(this.random.between(0, this.#world.plan.moveMs), () => {
      this.#hop(roamer);
      roamer.device.send(to, this.content());
    });
  }

  /** As {@link movingSender}, with a client that knows that its connection is broken: it sends the next message only once. */
  movedSender(): void {
    const roamer = this.#roamer();
    const to = this.userId();
    roamer.device.send(to, this.content());
    this.after(this.random.between(0, this.#world.plan.moveMs), () => {
      this.#hop(roamer);
      this.after(NOTICE_MS, () => roamer.device.send(to, this.content()));
    });
  }

  /** A receiver moves while messages to it are under way. */
  movingReceiver(): void {
    const receiver = this.#roamer();
    const { device } = this.#roamer();
    this.#hop(receiver);
    for (let left = this.random.int(1, 3); left > 0; left--)
      this.after(this.random.between(0, this.#world.plan.moveMs), () =>
        device.send(receiver.device.userId, this.content()),
      );
  }

  /** As {@link movingReceiver}, with one message after the other, from before it comes back until some time after it. */
  returningReceiver(): void {
    const receiver = this.#roamer();
    const { device } = this.#roamer();
    this.#hop(receiver);
    const { moveMs } = this.#world.plan;
    for (let at = 0; at < moveMs; at += moveMs / MESSAGES_TO_RETURNING)
      this.after(at, () => device.send(receiver.device.userId, this.content()));
  }

  /** Logs a device in that is not, if there is one. */
  login(): void {
    const idle = this.#world.roamers.filter(({ device }) => !device.wantsOnline);
    if (idle.length > 0) this.random.pick(idle).device.login();
  }

  logout(): void {
    this.#roamer().device.logout();
  }

  crash(): void {
    this.#node().crash(this.random.between(100, MAX_DOWN_MS));
  }

  leave(): void {
    this.#node().leave(this.random.between(0, MAX_DOWN_MS));
  }

  pause(): void {
    const node = this.#node();
    node.pause();
    this.after(this.random.between(100, MAX_PAUSE_MS), () => node.resume());
  }

  goAway(): void {
    const node = this.#node();
    node.goAway();
    this.after(this.random.between(100, MAX_AWAY_MS), () => node.comeBack());
  }

  stopBus(): void {
    this.note('the bus stops');
    this.#world.bus.stop();
    this.after(this.random.between(100, MAX_AWAY_MS), () => this.#world.bus.restart());
  }

  split(): void {
    const alone = this.#node().name;
    this.note(`${alone} is split off`);
    const others = this.#world.plan.nodes.filter((name) => name !== alone);
    this.#world.bus.split([alone], others);
    this.after(this.random.between(100, MAX_SPLIT_MS), () => {
      this.note('the split ends');
      this.#world.bus.heal();
    });
  }

  partition(): void {
    const { roaming, device } = this.#roamer();
    const link = this.random.pick(roaming.links);
    this.note(`partition of ${device.name}`);
    link.partition();
    this.after(this.random.between(500, MAX_PARTITION_MS), () => link.heal());
  }

  freeze(): void {
    const { roaming, device } = this.#roamer();
    this.note(`${device.name} is half open`);
    for (const link of roaming.links) link.freeze();
  }

  #hop({ device, roaming }: Roamer): void {
    this.note(`${device.name} moves`);
    roaming.hop();
  }

  protected next(): void {
    this.choose(this.#table)(this);
  }

  #roamer(): Roamer {
    return this.random.pick(this.#world.roamers);
  }

  #node(): SimulatedNode {
    return this.random.pick(this.#world.nodes);
  }
}
