import { SERVER_ID } from '@imcore/protocol';
import type { Device } from './device.js';
import type { Profile } from './plan.js';
import { RandomHappenings, type Weighted } from './random-happenings.js';
import { FORBIDDEN } from './simulated-server.js';
import type { World } from './world.js';

/** Longest pause between two happenings, in milliseconds. */
const MAX_PAUSE_MS = 300;

/** Longest partition, in milliseconds: longer than every timeout of the links. */
const MAX_PARTITION_MS = 20_000;

/** Most messages in a burst: few enough for hooks of 200 ms each to finish all of them before the first retry. */
const MAX_BURST = 8;

/** Content too long for a datagram of the original clients, but not for a stream. */
const LONG_CONTENT = 'long '.repeat(250);

/** Happenings with their relative weights. */
const MESSAGES: Weighted<Happenings> = [
  [10, (now) => now.message()],
  [3, (now) => now.burst()],
  [3, (now) => now.messageToServer()],
  [2, (now) => now.messageFromServer()],
];

const TROUBLE: Weighted<Happenings> = [
  [1, (now) => now.messageWithoutQos()],
  [1, (now) => now.longMessage()],
  [0.5, (now) => now.messageToUnknownUser()],
  [0.5, (now) => now.forbiddenMessage()],
  [0.5, (now) => now.sharedFingerprint()],
  [1, (now) => now.partition()],
  [1, (now) => now.cut()],
  [0.5, (now) => now.freeze()],
  [0.5, (now) => now.rebind()],
  [0.5, (now) => now.kick()],
  [0.5, (now) => now.logout()],
  [2, (now) => now.login()],
];

const OPERATION: Weighted<Happenings> = [[1, (now) => now.resendDeadLetters()]];

const CRASHES: Weighted<Happenings> = [[3, (now) => now.crash()]];

/** Makes something random happen again and again until it is stopped. */
export class Happenings extends RandomHappenings {
  readonly #world: World;
  readonly #table: Weighted<Happenings>;

  constructor(world: World, profile: Profile) {
    super({
      random: world.random.fork('happenings'),
      clock: world.clock.ownedBy('happenings'),
      journal: world.journal,
      users: world.plan.users,
      maxPauseMs: MAX_PAUSE_MS,
    });
    this.#world = world;
    this.#table = profile === 'bounded-loss' ? MESSAGES : [...MESSAGES, ...TROUBLE];
    if (profile === 'store-trouble') this.#table = [...this.#table, ...OPERATION];
    if (profile === 'restarts') this.#table = [...this.#table, ...CRASHES];
  }

  message(): void {
    this.#device().send(this.userId(), this.content());
  }

  burst(): void {
    const device = this.#device();
    const to = this.userId();
    for (let left = this.random.int(2, MAX_BURST); left > 0; left--) device.send(to, this.content());
  }

  messageToServer(): void {
    this.#device().send(SERVER_ID, this.content());
  }

  messageFromServer(): void {
    this.#world.sendFromServer(this.userId(), this.content());
  }

  messageWithoutQos(): void {
    this.#device().send(this.userId(), this.content(), { qos: false });
  }

  longMessage(): void {
    this.#device().send(this.userId(), this.content() + LONG_CONTENT);
  }

  messageToUnknownUser(): void {
    this.#device().send('nobody', this.content());
  }

  forbiddenMessage(): void {
    this.#device().send(this.userId(), `${FORBIDDEN} ${this.content()}`);
  }

  /** Fingerprints are unique per sender only: equal ones of two users name two messages. */
  sharedFingerprint(): void {
    const fingerprint = `shared-${this.random.int(1, 3)}`;
    const to = this.userId();
    for (const device of this.#world.devices.slice(0, 3)) {
      const sent = this.#world.journal.find(device.userId, fingerprint);
      if (sent === undefined) device.send(to, this.content(), { fingerprint });
    }
  }

  partition(): void {
    const { link, name } = this.#device();
    const directions = this.random.pick([['to-server', 'to-client'], ['to-server'], ['to-client']] as const);
    this.note(`partition of ${name}, ${directions.join(' and ')}`);
    link.partition(directions);
    this.after(this.random.between(500, MAX_PARTITION_MS), () => {
      this.note(`end of partition of ${name}`);
      link.heal();
    });
  }

  cut(): void {
    const { link, name } = this.#device();
    this.note(`cut of ${name}`);
    link.cut();
  }

  freeze(): void {
    const { link, name } = this.#device();
    this.note(`${name} is half open`);
    link.freeze();
  }

  rebind(): void {
    const { link, name } = this.#device();
    this.note(`${name} gets another port`);
    link.rebind();
  }

  kick(): void {
    const userId = this.userId();
    this.note(`kick of ${userId}`);
    this.#world.server.kick(userId);
  }

  resendDeadLetters(): void {
    this.#world.resendDeadLetters();
  }

  crash(): void {
    this.#device().crash();
  }

  logout(): void {
    const device = this.#device();
    this.note(`logout of ${device.name}`);
    device.logout();
  }

  /** Logs a device in that is not, if there is one. */
  login(): void {
    const idle = this.#world.devices.filter(({ wantsOnline }) => !wantsOnline);
    if (idle.length > 0) this.random.pick(idle).login();
  }

  protected next(): void {
    this.choose(this.#table)(this);
  }

  #device(): Device {
    return this.random.pick(this.#world.devices);
  }
}
