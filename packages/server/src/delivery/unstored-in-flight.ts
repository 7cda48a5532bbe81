import type { Instant, RetryPolicy } from '@imcore/protocol';
import type { UndeliveredReason } from '../events.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing } from '../timers/deadline-queue.js';
import type { Device, User } from '../users/user.js';
import type { Delivery } from './delivery.js';
import type { FallbackRoute } from './fallback-route.js';
import { drainInbox, type InFlightPolicy, withdraw, writeAgain } from './in-flight-policy.js';

/** Messages in flight on a server without a store: retransmitted a few times, then given up. */
export class UnstoredInFlight implements InFlightPolicy {
  readonly #runtime: Runtime;
  readonly #retry: RetryPolicy;
  readonly #fallback: FallbackRoute;
  readonly #retries: DeadlineRing;

  constructor(runtime: Runtime, retry: RetryPolicy, fallback: FallbackRoute) {
    this.#runtime = runtime;
    this.#retry = retry;
    this.#fallback = fallback;
    this.#retries = runtime.timers.ring<Delivery>(retry.waitMs, (delivery) => this.#due(delivery));
  }

  /** Writes to the new session what the earlier one has not acknowledged. */
  attached(user: User, device: Device): void {
    user.usesLog = false;
    const { session, inbox } = device;
    if (session === undefined || inbox === undefined) return;
    for (const delivery of [...inbox.values()]) {
      if (delivery.body.length <= session.maxSendBytes)
        writeAgain(this.#runtime, this.#retries, delivery, session, 'message');
      else {
        withdraw(this.#runtime, delivery);
        this.#fallback.take(delivery, 'too-large', session);
      }
    }
  }

  written(delivery: Delivery, now: Instant): void {
    this.#retries.start(delivery, now);
  }

  /** Every message here is `pending` until it is acknowledged. */
  acknowledged(): void {}

  left(_user: User, device: Device): void {
    for (const delivery of drainInbox(this.#runtime, device)) this.#fallback.take(delivery, 'offline');
  }

  wentOffline(): void {}

  #due(delivery: Delivery): void {
    const session = delivery.inbox?.session;
    if (session === undefined) return;
    if (delivery.attempts <= this.#retry.retries) writeAgain(this.#runtime, this.#retries, delivery, session);
    else this.#giveUp(delivery, 'not-acknowledged');
  }

  /** The receiver has acknowledged no copy. */
  #giveUp(delivery: Delivery, reason: UndeliveredReason): void {
    const { metrics, events } = this.#runtime;
    withdraw(this.#runtime, delivery);
    metrics.abandoned += 1;
    if (events.has('lost')) events.emit('lost', { userId: delivery.to, messages: [delivery.message] });
    this.#fallback.take(delivery, reason);
  }
}
