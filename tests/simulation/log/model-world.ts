import { SeededRandom } from '@imcore/testkit';
import { ModelClient } from './model-client.js';
import { ModelLink, type Weather } from './model-link.js';
import { ModelLog } from './model-log.js';
import type { LogPlan } from './model-plan.js';
import { LogRecord } from './model-record.js';
import { ModelSession } from './model-server.js';
import { Schedule } from './schedule.js';

const BUSY_MS = 20_000;
/** One healer alone may need long: over UDP `last` brings a few entries every ten seconds. */
const SETTLE_MS = 3_600_000;

const BAD: Weather = { lossToClient: 0.25, lossToServer: 0.25, repetition: 0.1, lossInServer: 0.02 };
const CALM: Weather = { lossToClient: 0, lossToServer: 0, repetition: 0, lossInServer: 0 };

/** Runs a feed against a receiver with one seed. Returns what is wrong, empty if nothing is. */
export function runLogModel(seed: number, plan: LogPlan): readonly string[] {
  return new ModelWorld(seed, plan).run();
}

class ModelWorld {
  readonly #plan: LogPlan;
  readonly #schedule = new Schedule();
  readonly #log = new ModelLog();
  readonly #record = new LogRecord(this.#log);
  readonly #random: SeededRandom;
  readonly #network: SeededRandom;
  readonly #store: SeededRandom;
  readonly #client: ModelClient;
  #weather: Weather;
  #link: ModelLink | undefined;
  #session: ModelSession | undefined;

  constructor(seed: number, plan: LogPlan) {
    const seeded = new SeededRandom(seed);
    this.#plan = plan;
    this.#random = seeded.fork('world');
    this.#network = seeded.fork('network');
    this.#store = seeded.fork('store');
    this.#weather = plan.isReliableToServer === true ? { ...BAD, lossToServer: 0 } : BAD;
    const { healers, fault } = plan;
    const random = seeded.fork('application');
    this.#client = new ModelClient({
      schedule: this.#schedule,
      random,
      record: this.#record,
      healers,
      fault,
    });
  }

  run(): readonly string[] {
    const backlog = this.#random.int(0, 200);
    for (let i = 0; i < backlog; i++) this.#append(undefined);
    this.#connect();
    this.#happen();
    this.#schedule.runUntil(BUSY_MS);
    if (this.#link === undefined) this.#connect();
    if (this.#plan.hasCalmEnd === true) this.#endCalmly();
    if (!this.#schedule.runUntil(BUSY_MS + SETTLE_MS, () => this.#isSettled())) {
      const { last, epoch } = this.#log;
      const device = JSON.stringify(this.#client.position);
      this.#record.report(
        `not settled: log ${epoch} ${last}, device ${device}, server ${this.#session?.position}`,
      );
    }
    this.#record.checkComplete();
    return this.#record.breaches;
  }

  #isSettled(): boolean {
    const { last, epoch } = this.#log;
    const position = this.#client.position;
    const hasAll = position?.epoch === epoch && position.position === last;
    // The server learns of the last position at the next entry or login, if it does not ask by going back.
    const isKnown = this.#session?.position === last || !this.#plan.healers.has('go-back');
    return hasAll && isKnown && !this.#client.isSending;
  }

  /** Something happens again and again while the run is busy. */
  #happen(): void {
    this.#schedule.after(this.#random.between(0, 120), () => {
      if (this.#schedule.now >= BUSY_MS) return;
      this.#happenOnce();
      this.#happen();
    });
  }

  #happenOnce(): void {
    const dice = this.#random.next();
    const isChaotic = this.#plan.isChaotic !== false;
    if (dice < 0.6 || !isChaotic) this.#burst();
    else if (dice < 0.75) this.#client.send(this.#bytes());
    else if (dice < 0.85) this.#log.expire(this.#random.int(1, Math.max(1, this.#log.last)));
    else if (dice < 0.88) this.#log.trim(this.#random.int(this.#log.removed, this.#log.last));
    else if (dice < 0.93) this.#reconnect();
    else if (dice < 0.96) this.#restartClient();
    else if (dice < 0.965) this.#restoreBackup();
  }

  #burst(): void {
    const count = this.#random.chance(0.05) ? this.#random.int(20, 150) : 1;
    for (let i = 0; i < count; i++) this.#append(this.#session);
  }

  #append(session: ModelSession | undefined): void {
    const isFaulty = this.#plan.fault === 'position-twice' && this.#random.chance(0.02);
    const last = this.#log.append(this.#bytes(), undefined, isFaulty);
    // A lost tail is found at the next keep-alive.
    if (!this.#random.chance(0.02)) session?.appended(last);
  }

  #bytes(): number {
    if (this.#random.chance(0.02)) return this.#random.int(1200, 70_000);
    return this.#random.int(150, 600);
  }

  #connect(): void {
    const kind = this.#plan.transport ?? (this.#random.chance(0.5) ? 'stream' : 'datagram');
    const link = new ModelLink(kind, this.#schedule, this.#network, () => this.#weather);
    const session = new ModelSession(link, this.#client, {
      log: this.#log,
      schedule: this.#schedule,
      random: this.#store,
      healers: this.#plan.healers,
      fault: this.#plan.fault,
      report: (breach) => this.#record.report(breach),
    });
    this.#link = link;
    this.#session = session;
    this.#client.connect(link, session);
  }

  #disconnect(): void {
    if (this.#link !== undefined) this.#link.isOpen = false;
    this.#session?.close();
    this.#link = undefined;
    this.#session = undefined;
  }

  #reconnect(): void {
    this.#disconnect();
    this.#client.disconnect();
    this.#schedule.after(this.#random.between(0, 500), () => {
      if (this.#link === undefined) this.#connect();
    });
  }

  #restartClient(): void {
    this.#disconnect();
    this.#client.crash();
    this.#schedule.after(this.#random.between(0, 500), () => {
      if (this.#link === undefined) this.#connect();
    });
  }

  #restoreBackup(): void {
    this.#reconnect();
    this.#log.setBack(this.#random.int(0, this.#log.last));
  }

  #endCalmly(): void {
    this.#weather = CALM;
    for (let i = 1; i <= 5; i++) this.#schedule.after(i * 1000, () => this.#append(this.#session));
  }
}
