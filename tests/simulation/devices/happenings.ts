import { RandomHappenings, type Weighted } from '../random-happenings.js';
import type { DevicesWorld } from './devices-world.js';
import type { LogDevice } from './log-device.js';
import { type DevicesProfile, KINDS } from './plan.js';

/** Longest partition, in milliseconds: longer than the time-outs of the links. */
const MAX_PARTITION_MS = 8000;

const MAX_BURST = 5;

/** Content too long for a datagram of the original clients, but not for a stream. */
const LONG_CONTENT = 'long '.repeat(250);

const MESSAGES: Weighted<DeviceHappenings> = [
  [8, (now) => now.message()],
  [2, (now) => now.burst()],
  [1, (now) => now.messageToOneself()],
  [1, (now) => now.messageFromServer()],
];

const TROUBLE: Weighted<DeviceHappenings> = [
  [0.4, (now) => now.longMessage()],
  [2, (now) => now.changeTransport()],
  [1, (now) => now.crash()],
  [0.7, (now) => now.logout()],
  [2, (now) => now.login()],
  [0.6, (now) => now.partition()],
  [0.6, (now) => now.cut()],
  [0.5, (now) => now.freeze()],
  [0.4, (now) => now.rebind()],
  [0.3, (now) => now.v6Logout()],
];

const TABLES: Readonly<Record<DevicesProfile, Weighted<DeviceHappenings>>> = {
  mixed: [...MESSAGES, ...TROUBLE],
  sharp: [...MESSAGES, ...TROUBLE],
  full: [...MESSAGES, ...TROUBLE],
  restored: [...MESSAGES, ...TROUBLE],
  healers: MESSAGES,
};

/** Makes something random happen again and again until it is stopped. */
export class DeviceHappenings extends RandomHappenings {
  readonly #world: DevicesWorld;
  readonly #table: Weighted<DeviceHappenings>;

  constructor(world: DevicesWorld) {
    super({
      random: world.random.fork('happenings'),
      clock: world.clock.ownedBy('happenings'),
      journal: world.journal,
      users: world.plan.users,
      maxPauseMs: world.plan.maxPauseMs,
    });
    this.#world = world;
    this.#table = TABLES[world.plan.profile];
  }

  message(): void {
    this.#sender().send(this.userId(), this.content());
  }

  burst(): void {
    const sender = this.#sender();
    const to = this.userId();
    for (let left = this.random.int(2, MAX_BURST); left > 0; left -= 1) sender.send(to, this.content());
  }

  messageToOneself(): void {
    const sender = this.#sender();
    sender.send(sender.userId, this.content());
  }

  messageFromServer(): void {
    this.#world.sendFromServer(this.userId(), this.content());
  }

  longMessage(): void {
    this.#sender().send(this.userId(), this.content() + LONG_CONTENT);
  }

  changeTransport(): void {
    this.#present()?.changeTransport(this.random.pick(KINDS));
  }

  crash(): void {
    this.#present()?.crash(this.random.pick(KINDS));
  }

  logout(): void {
    this.#present()?.logout();
  }

  login(): void {
    const away = this.#world.devices.filter(({ device, isHere }) => isHere && !device.wantsOnline);
    if (away.length > 0) this.random.pick(away).device.login();
    for (const device of this.#world.v6Devices) if (!device.wantsOnline) device.login();
  }

  v6Logout(): void {
    if (this.#world.v6Devices.length > 0) this.random.pick(this.#world.v6Devices).logout();
  }

  partition(): void {
    const { link, name } = this.random.pick(this.#world.everybody);
    const directions = this.random.pick([['to-server', 'to-client'], ['to-server'], ['to-client']] as const);
    this.note(`partition of ${name}, ${directions.join(' and ')}`);
    link.partition(directions);
    this.after(this.random.between(300, MAX_PARTITION_MS), () => link.heal());
  }

  cut(): void {
    const { link, name } = this.random.pick(this.#world.everybody);
    this.note(`cut of ${name}`);
    link.cut();
  }

  freeze(): void {
    const { link, name } = this.random.pick(this.#world.everybody);
    this.note(`${name} is half open`);
    link.freeze();
  }

  rebind(): void {
    const { link, name } = this.random.pick(this.#world.everybody);
    this.note(`${name} gets another port`);
    link.rebind();
  }

  protected next(): void {
    if (this.#world.everybody.length > 0) this.choose(this.#table)(this);
  }

  #sender() {
    return this.random.pick(this.#world.everybody);
  }

  /** A device that has joined and stays. */
  #present(): LogDevice | undefined {
    const here = this.#world.devices.filter(({ isHere }) => isHere);
    return here.length === 0 ? undefined : this.random.pick(here).device;
  }
}
