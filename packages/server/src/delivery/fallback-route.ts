import type { UndeliveredReason } from '../events.js';
import type { HookRunner } from '../hook-runner.js';
import type { Runtime } from '../runtime.js';
import type { Outlet } from '../users/outlet.js';
import type { Delivery } from './delivery.js';
import { reportTooLarge } from './reports.js';

/** Takes messages that no other route accepts: asks the application, or drops them. */
export class FallbackRoute {
  readonly #runtime: Runtime;
  readonly #hooks: HookRunner;

  constructor(runtime: Runtime, hooks: HookRunner) {
    this.#runtime = runtime;
    this.#hooks = hooks;
  }

  /** Asks the application whether it takes the message. `session`: the one that the message is too large for, if any. */
  take(delivery: Delivery, reason: UndeliveredReason, session?: Outlet): void {
    if (reason === 'too-large' && session !== undefined) reportTooLarge(this.#runtime, delivery, session);
    if (!delivery.origin.asksHook || this.#hooks.hooks.onUndeliverable === undefined) {
      this.drop(delivery, reason);
      return;
    }
    const decide = (isTaken: unknown): void =>
      isTaken === true ? this.#taken(delivery) : this.drop(delivery, reason);
    const question = (): unknown => this.#hooks.hooks.onUndeliverable?.(delivery.message);
    void this.#hooks.ask('onUndeliverable', question, decide, () => this.drop(delivery, reason));
  }

  /** Drops the message; its sender is not acknowledged. */
  drop(delivery: Delivery, reason: UndeliveredReason): void {
    const { metrics, events } = this.#runtime;
    if (!delivery.moveTo('dropped')) return;
    metrics.messagesUndelivered += 1;
    delivery.origin.failed(delivery, reason);
    if (events.has('undelivered')) events.emit('undelivered', { message: delivery.message, reason });
  }

  #taken(delivery: Delivery): void {
    const { clock, events } = this.#runtime;
    if (!delivery.moveTo('persisted')) return;
    delivery.origin.accepted(delivery, 'stored', clock.now());
    if (events.has('stored')) events.emit('stored', delivery.message);
  }
}
