import { pause } from '../traffic.js';
import type { ProofUser } from './meeting-place.js';

/** Messages that a user sends at once, all to one other user; on UDP one after the other. */
const BURST = 3;
const BURST_EVERY_MS = 300;

/** Steady load: each user sends to all others in turn, until {@link stop}. */
export class Load {
  readonly #users: readonly ProofUser[];
  readonly #numbers = new Map<string, number>();
  readonly #work: Promise<void>[] = [];
  #isRunning = true;

  constructor(users: readonly ProofUser[]) {
    this.#users = users;
  }

  start(): void {
    for (const user of this.#users) this.#work.push(this.#run(user));
  }

  /** Resolves when every message is acknowledged or given up. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#work);
  }

  async #run(user: ProofUser): Promise<void> {
    const others = this.#users.filter((other) => other !== user);
    const bursts = new Set<Promise<void>>();
    for (let turn = Math.floor(Math.random() * others.length); this.#isRunning; turn += 1) {
      await pause(BURST_EVERY_MS * (0.5 + Math.random()));
      const to = others[turn % others.length];
      // A limit for the times when nothing is acknowledged; on UDP one at a time keeps the order.
      if (to === undefined || bursts.size >= (user.kind === 'udp' ? 1 : 10)) continue;
      const burst = this.#burst(user, to.userId).finally(() => bursts.delete(burst));
      bursts.add(burst);
    }
    await Promise.all(bursts);
  }

  async #burst(user: ProofUser, to: string): Promise<void> {
    const pair = `${user.userId}>${to}`;
    const sending: Promise<void>[] = [];
    for (let left = BURST; left > 0; left -= 1) {
      const number = this.#numbers.get(pair) ?? 0;
      this.#numbers.set(pair, number + 1);
      const sent = user.send(to, number);
      if (user.kind === 'udp') await sent;
      else sending.push(sent);
    }
    await Promise.all(sending);
  }
}
