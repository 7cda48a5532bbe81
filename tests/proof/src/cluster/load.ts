import { pause } from '../traffic.js';
import { type Member, partnersOf } from './population.js';
import type { ProofUser } from './proof-user.js';

/** Messages that a user sends at once, all to one other user: 1 to 3. */
const MAX_BURST = 3;
const BURST_EVERY_MS = 500;

/** Messages per second that each client sends while all are acknowledged. */
export const RATE_OF_CLIENT = (((1 + MAX_BURST) / 2) * 1000) / BURST_EVERY_MS;

/** Steady load: each user sends to its partners in turn, until {@link stop}. */
export class Load {
  readonly #work: Promise<void>[] = [];
  readonly #numbers = new Map<string, number>();
  #isRunning = true;

  start(users: readonly ProofUser[]): void {
    for (const user of users) this.#work.push(this.#run(user, partnersOf(user.member)));
  }

  /** Resolves when every message is acknowledged or given up. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#work);
  }

  async #run(user: ProofUser, partners: readonly Member[]): Promise<void> {
    const bursts = new Set<Promise<void>>();
    for (let turn = Math.floor(Math.random() * partners.length); this.#isRunning; turn += 1) {
      await pause(BURST_EVERY_MS * (0.5 + Math.random()));
      const to = partners[turn % partners.length];
      // A limit for the times when nothing is acknowledged.
      if (to === undefined || bursts.size >= (isSequential(user.member) ? 1 : 10)) continue;
      const burst = this.#burst(user, to.userId).finally(() => bursts.delete(burst));
      bursts.add(burst);
    }
    await Promise.all(bursts);
  }

  async #burst(user: ProofUser, to: string): Promise<void> {
    const pair = `${user.member.userId}>${to}`;
    const sending: Promise<void>[] = [];
    for (let left = Math.ceil(Math.random() * MAX_BURST); left > 0; left -= 1) {
      const number = this.#numbers.get(pair) ?? 0;
      this.#numbers.set(pair, number + 1);
      const sent = user.send(to, number);
      if (isSequential(user.member)) await sent;
      else sending.push(sent);
    }
    await Promise.all(sending);
  }
}

/** On UDP our client repeats messages early. It keeps their order only if it sends one at a time. */
function isSequential({ program, transport }: Member): boolean {
  return program === 'imcore' && transport === 'udp';
}
