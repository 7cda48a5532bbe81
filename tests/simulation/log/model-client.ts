import {
  type LogAction,
  type LogDelivery,
  type LogPosition,
  LogReceiver,
  type LogStart,
} from '@imcore/protocol';
import type { SeededRandom } from '@imcore/testkit';
import type { ModelLink } from './model-link.js';
import type { ModelEntry } from './model-log.js';
import type { LogFault, LogHealer } from './model-plan.js';
import type { LogRecord } from './model-record.js';
import type { ModelClientPort, ModelSession } from './model-server.js';
import type { Schedule } from './schedule.js';

const LOGIN_RETRY_MS = 1000;
const MESSAGE_RETRY_MS = 3000;
const KEEP_ALIVE_MS = 3000;
const ROUND_TRIP_MS = 120;

/** A device: the receiver, its storage, and an application that needs time for each message. */
export class ModelClient implements ModelClientPort {
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #record: LogRecord;
  readonly #healers: ReadonlySet<LogHealer>;
  readonly #fault: LogFault | undefined;
  #receiver: LogReceiver<ModelEntry>;
  /** Changes when the program ends: what belongs to an earlier life has no effect. */
  #life = 0;
  #saved: LogPosition | undefined;
  #link: ModelLink | undefined;
  #session: ModelSession | undefined;
  #isAnswered = false;
  #timerAt = Number.POSITIVE_INFINITY;
  #acknowledgedMost = -1;
  /** Own messages that are not settled, with their sizes. */
  readonly #sending = new Map<string, number>();
  #messages = 0;

  constructor(world: {
    readonly schedule: Schedule;
    readonly random: SeededRandom;
    readonly record: LogRecord;
    readonly healers: ReadonlySet<LogHealer>;
    readonly fault: LogFault | undefined;
  }) {
    this.#schedule = world.schedule;
    this.#random = world.random;
    this.#record = world.record;
    this.#healers = world.healers;
    this.#fault = world.fault;
    this.#receiver = new LogReceiver(undefined);
  }

  get position(): LogPosition | undefined {
    return this.#receiver.position;
  }

  get isSending(): boolean {
    return this.#sending.size > 0;
  }

  connect(link: ModelLink, session: ModelSession): void {
    this.#link = link;
    this.#session = session;
    this.#isAnswered = false;
    this.#acknowledgedMost = -1;
    this.#receiver.linkStarted(link.kind, ROUND_TRIP_MS);
    const position = this.#receiver.position;
    const login = () => {
      if (this.#link !== link || this.#isAnswered) return;
      link.toServer(() => session.login(position));
      this.#schedule.after(LOGIN_RETRY_MS, login);
    };
    login();
    const keepAlive = () => {
      if (this.#link !== link) return;
      link.toServer(() => session.keepAlive());
      this.#schedule.after(KEEP_ALIVE_MS, keepAlive);
    };
    this.#schedule.after(KEEP_ALIVE_MS, keepAlive);
  }

  disconnect(): void {
    this.#link = undefined;
    this.#session = undefined;
    this.#receiver.linkEnded();
  }

  /** The program ends at once, and starts again with what it has stored. */
  crash(): void {
    this.disconnect();
    this.#life += 1;
    this.#sending.clear();
    this.#receiver = new LogReceiver(this.#saved);
    this.#record.restarted(this.#saved);
  }

  send(bytes: number): void {
    this.#messages += 1;
    const fingerprint = `own-${this.#messages}`;
    this.#sending.set(fingerprint, bytes);
    const life = this.#life;
    const write = () => {
      if (life !== this.#life || !this.#sending.has(fingerprint)) return;
      const session = this.#session;
      if (this.#isAnswered) this.#link?.toServer(() => session?.message(fingerprint, bytes));
      this.#schedule.after(MESSAGE_RETRY_MS, write);
    };
    write();
  }

  answer(log: LogStart): void {
    this.#isAnswered = true;
    const known = this.#receiver.position;
    const actions = this.#receiver.answered(log, this.#schedule.now);
    const now = this.#receiver.position;
    if (known?.epoch !== now?.epoch) this.#record.began(log);
    this.#do(actions);
  }

  entry(entry: ModelEntry): void {
    this.#settle(entry.fingerprint);
    this.#do(this.#receiver.received(entry.position, entry, this.#schedule.now));
  }

  skip(from: number, to: number, reason: string): void {
    this.#do(this.#receiver.skipped(from, to, reason, this.#schedule.now));
  }

  stored(fingerprint: string, position: number): void {
    this.#settle(fingerprint);
    this.#record.stored(position);
    this.#do(this.#receiver.stored(position, this.#schedule.now));
  }

  keptAlive(last: number): void {
    this.#do(this.#receiver.keptAlive(last, this.#schedule.now));
  }

  #settle(fingerprint: string | undefined): void {
    if (fingerprint !== undefined) this.#sending.delete(fingerprint);
  }

  #do(actions: readonly LogAction<ModelEntry>[]): void {
    for (const action of actions) this.#act(action);
    this.#arm();
  }

  #act(action: LogAction<ModelEntry>): void {
    const session = this.#session;
    switch (action.kind) {
      case 'deliver':
        this.#handle(action.entry, action.delivery);
        return;
      case 'gap':
        this.#record.gap(action.from, action.to, action.reason);
        return;
      case 'save':
        this.#saved = action.position;
        return;
      case 'acknowledge': {
        const { position } = action;
        const isRepeated = position <= this.#acknowledgedMost;
        this.#acknowledgedMost = Math.max(this.#acknowledgedMost, position);
        if (isRepeated && this.#fault === 'acknowledgement-not-repeated') return;
        this.#link?.toServer(() => session?.acknowledged(position));
        return;
      }
      case 'sync': {
        const { after, cause } = action;
        if (this.#healers.has(cause === 'hole' ? 'hole' : 'last'))
          this.#link?.toServer(() => session?.synced(after));
        return;
      }
      default:
        action satisfies never;
    }
  }

  /** The application handles an entry, at once or later. */
  #handle(entry: ModelEntry, delivery: LogDelivery): void {
    this.#record.delivered(entry.position);
    const life = this.#life;
    const epoch = this.#receiver.position?.epoch;
    const isHasty = this.#fault === 'position-before-handling';
    if (isHasty)
      this.#schedule.after(0, () => this.#do(this.#receiver.handled(delivery, this.#schedule.now)));
    const handle = () => {
      if (life !== this.#life) return;
      if (epoch === this.#receiver.position?.epoch) this.#record.handled(entry);
      if (!isHasty) this.#do(this.#receiver.handled(delivery, this.#schedule.now));
    };
    const isSlow = this.#random.chance(0.01);
    if (this.#random.chance(0.5)) handle();
    else this.#schedule.after(this.#random.between(0, isSlow ? 8000 : 40), handle);
  }

  #arm(): void {
    const at = this.#receiver.nextDeadline;
    if (at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return;
    this.#timerAt = at;
    const life = this.#life;
    this.#schedule.after(Math.max(0, at - this.#schedule.now), () => {
      if (this.#timerAt !== at) return;
      this.#timerAt = Number.POSITIVE_INFINITY;
      if (life === this.#life) this.#do(this.#receiver.poll(this.#schedule.now));
      else this.#arm();
    });
  }
}
