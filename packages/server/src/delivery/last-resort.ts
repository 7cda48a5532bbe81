import type { Clock, Emitter } from '@imcore/protocol';
import type { ServerEvents, UndeliveredReason } from '../events.js';
import type { HookAsker } from '../hook-asker.js';
import type { Hooks } from '../hooks.js';
import type { ServerMetrics } from '../metrics.js';
import type { Delivery } from './delivery.js';

export interface LastResortParts {
  readonly clock: Clock;
  readonly metrics: ServerMetrics;
  readonly events: Emitter<ServerEvents>;
  readonly hooks: Hooks;
  readonly asker: HookAsker;
}

/** Where a message goes that neither its receiver nor a store has: to the application, or nowhere. */
export class LastResort {
  readonly #parts: LastResortParts;

  constructor(parts: LastResortParts) {
    this.#parts = parts;
  }

  /** Asks the application whether it takes the message. */
  take(delivery: Delivery, reason: UndeliveredReason): void {
    const { hooks, asker } = this.#parts;
    const { onUndeliverable } = hooks;
    if (onUndeliverable === undefined || !delivery.origin.asksHook) {
      this.drop(delivery, reason);
      return;
    }
    const decide = (taken: unknown): void =>
      taken === true ? this.#taken(delivery) : this.drop(delivery, reason);
    const question = (): unknown => onUndeliverable(delivery.message);
    void asker.ask('onUndeliverable', question, decide, () => this.drop(delivery, reason));
  }

  /** Gives the message up; its sender is not acknowledged. */
  drop(delivery: Delivery, reason: UndeliveredReason): void {
    const { metrics, events } = this.#parts;
    delivery.custody = 'dropped';
    metrics.messagesUndelivered += 1;
    delivery.origin.failed(delivery, reason);
    if (events.has('undelivered')) events.emit('undelivered', { message: delivery.message, reason });
  }

  #taken(delivery: Delivery): void {
    const { clock, events } = this.#parts;
    delivery.custody = 'stored';
    delivery.origin.responsible(delivery, 'stored', clock.now());
    if (events.has('stored')) events.emit('stored', delivery.message);
  }
}
