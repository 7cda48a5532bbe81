import { ACKNOWLEDGE_AFTER_MS, type LogPosition, type LogStart } from '@imcore/protocol';
import type { SeededRandom } from '@imcore/testkit';
import { Feed, type FeedAction } from '../../../packages/server/src/feeds/feed.js';
import type { ModelLink } from './model-link.js';
import type { ModelEntry, ModelLog } from './model-log.js';
import type { LogFault, LogHealer } from './model-plan.js';
import type { Schedule } from './schedule.js';

const ROUND_TRIP_MS = 120;

/** The packets that the server writes. */
export interface ModelClientPort {
  answer(log: LogStart): void;
  entry(entry: ModelEntry): void;
  skip(from: number, to: number, reason: string): void;
  stored(fingerprint: string, position: number): void;
  keptAlive(last: number): void;
}

/** One session of the server: the feed, and what its owner does. */
export class ModelSession {
  readonly #link: ModelLink;
  readonly #client: ModelClientPort;
  readonly #log: ModelLog;
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #healers: ReadonlySet<LogHealer>;
  readonly #fault: LogFault | undefined;
  readonly #report: (breach: string) => void;
  readonly #window: number;
  #feed: Feed<ModelEntry> | undefined;
  #start: LogStart | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #isOpen = true;
  /** Over UDP: whether the client has got the answer. Before that, no entry is written. */
  #isProven = false;

  constructor(
    link: ModelLink,
    client: ModelClientPort,
    world: {
      readonly log: ModelLog;
      readonly schedule: Schedule;
      readonly random: SeededRandom;
      readonly healers: ReadonlySet<LogHealer>;
      readonly fault: LogFault | undefined;
      readonly report: (breach: string) => void;
    },
  ) {
    this.#link = link;
    this.#client = client;
    this.#log = world.log;
    this.#schedule = world.schedule;
    this.#random = world.random;
    this.#healers = world.healers;
    this.#fault = world.fault;
    this.#report = world.report;
    this.#window = link.kind === 'stream' ? 64 : 16;
    this.#isProven = link.kind === 'stream';
  }

  /** What the device has, as far as the server knows. */
  get position(): number {
    return this.#feed?.position ?? -1;
  }

  close(): void {
    this.#isOpen = false;
  }

  /**
   * A login. A repeated one gets the answer again, and the feed goes back: the client ignores what comes before its answer.
   */
  login(position: LogPosition | undefined): void {
    if (this.#start === undefined) {
      this.#start = this.#log.startFor(position, this.#window);
      const retryWaitMs =
        this.#link.kind === 'stream' ? 5000 : Math.max(200, 2 * ROUND_TRIP_MS) + ACKNOWLEDGE_AFTER_MS;
      this.#feed = new Feed(this.#start.position, this.#start.last, {
        window: this.#fault === 'window-ignored' ? 1_000_000 : this.#window,
        maxFrameBytes: this.#link.kind === 'stream' ? 65_536 : 1200,
        retryWaitMs: this.#healers.has('go-back') ? retryWaitMs : Number.POSITIVE_INFINITY,
      });
    }
    const start = { ...this.#start, position: this.#feed?.position ?? 0 };
    this.#link.toClient(() => this.#client.answer(start));
    if (this.#isProven) this.#do(this.#feed?.synced(start.position, this.#schedule.now));
    this.appended(this.#log.last);
  }

  appended(last: number): void {
    if (this.#isProven) this.#do(this.#feed?.appended(last, this.#schedule.now));
  }

  /** A message of this session. A repeated one is told to be stored again. */
  message(fingerprint: string, bytes: number): void {
    this.#prove();
    let position = this.#log.positions.get(fingerprint);
    if (position === undefined) {
      position = this.#log.append(bytes, fingerprint, false);
      this.#feed?.passOver(position);
    }
    const at = position;
    this.#link.toClient(() => this.#client.stored(fingerprint, at));
    this.appended(this.#log.last);
  }

  acknowledged(position: number): void {
    this.#prove();
    this.#do(this.#feed?.acknowledged(position, this.#schedule.now));
  }

  synced(after: number): void {
    this.#prove();
    if (this.#fault === 'no-rewind') this.acknowledged(after);
    else this.#do(this.#feed?.synced(after, this.#schedule.now));
  }

  keepAlive(): void {
    if (this.#feed === undefined) return;
    this.#isProven = true;
    this.appended(this.#log.last);
    const { last } = this.#feed;
    if (this.#healers.has('last')) this.#link.toClient(() => this.#client.keptAlive(last));
  }

  #prove(): void {
    if (this.#isProven) return;
    this.#isProven = true;
    this.appended(this.#log.last);
  }

  #do(actions: readonly FeedAction<ModelEntry>[] = []): void {
    if (!this.#isOpen) return;
    for (const action of actions) this.#act(action);
    this.#arm();
  }

  #act(action: FeedAction<ModelEntry>): void {
    switch (action.kind) {
      case 'write': {
        const { entry } = action;
        if (entry.position > this.position + this.#window)
          this.#report(`wrote ${entry.position}, the window ends at ${this.position + this.#window}`);
        this.#link.toClient(() => this.#client.entry(entry));
        return;
      }
      case 'skip': {
        const { from, to, reason } = action;
        this.#link.toClient(() => this.#client.skip(from, to, reason));
        return;
      }
      case 'read':
        this.#read(action.after, action.limit);
        return;
      case 'acknowledged':
        return;
      default:
        action satisfies never;
    }
  }

  /** The store answers at once, later, or not. */
  #read(after: number, limit: number): void {
    if (this.#random.chance(0.5)) {
      this.#do(this.#feed?.pageRead(after, limit, this.#log.read(after, limit), this.#schedule.now));
      return;
    }
    const isFailing = this.#random.chance(0.05);
    const page = this.#log.read(after, limit);
    this.#schedule.after(this.#random.between(1, 30), () => {
      if (isFailing) this.#feed?.readFailed(this.#schedule.now);
      else this.#do(this.#feed?.pageRead(after, limit, page, this.#schedule.now));
      this.#arm();
    });
  }

  #arm(): void {
    const at = this.#feed?.nextDeadline ?? Number.POSITIVE_INFINITY;
    if (!this.#isOpen || at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return;
    this.#timerAt = at;
    this.#schedule.after(Math.max(0, at - this.#schedule.now), () => {
      if (this.#timerAt !== at) return;
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#do(this.#feed?.poll(this.#schedule.now));
    });
  }
}
