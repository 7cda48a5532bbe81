import { asError } from '../errors.js';
import type { Bridge } from '../ports/bridge.js';
import type { DeadlineRing } from '../scheduling/deadline-queue.js';
import { BridgeOutbox } from './bridge-outbox.js';
import type { CourierParts } from './courier-parts.js';
import type { Delivery } from './delivery.js';
import type { LastResort } from './last-resort.js';
import type { StoreSide } from './store-side.js';

/**
 * Gives messages for users who are not here to the bridge, in the order in which they come.
 *
 * Without a store a message waits in the bridge until the broker has it, and its sender is not acknowledged so long.
 * With a store it goes into the outbox there when the broker is away or takes too long, and follows later.
 *
 * @see docs/adr/0008-what-waits-for-the-bridge.md
 */
export class BridgeHandOver {
  readonly #parts: CourierParts;
  readonly #bridge: Bridge;
  readonly #lastResort: LastResort;
  readonly #outbox: BridgeOutbox | undefined;
  readonly #storing: DeadlineRing | undefined;

  constructor(parts: CourierParts, bridge: Bridge, lastResort: LastResort, storeSide: StoreSide | undefined) {
    this.#parts = parts;
    this.#bridge = bridge;
    this.#lastResort = lastResort;
    if (storeSide === undefined) return;
    this.#outbox = new BridgeOutbox(parts, bridge, storeSide, {
      publish: (delivery) => this.#publish(delivery),
      undeliverable: (delivery, reason) => lastResort.take(delivery, reason),
    });
    this.#storing = parts.deadlines.ring<Delivery>(parts.storeAfterMs, (delivery) => this.#overdue(delivery));
  }

  /** The broker takes messages, or does so no longer. */
  bridgeIs(state: 'joined' | 'away'): void {
    this.#outbox?.bridgeIs(state);
  }

  send(delivery: Delivery): void {
    if (delivery.fingerprint === undefined || this.#outbox === undefined) this.#publish(delivery);
    else if (this.#outbox.send(delivery) === 'in-line')
      this.#storing?.start(delivery, this.#parts.clock.now());
  }

  /** Gives the store what the broker has not confirmed, so that its senders can be acknowledged. */
  secure(): void {
    this.#outbox?.secure();
  }

  /** From now on the outbox is left as it is. */
  stop(): void {
    this.#outbox?.stop();
  }

  #publish(delivery: Delivery): void {
    const { metrics, clock } = this.#parts;
    const isRepeatable = delivery.fingerprint !== undefined;
    const isStorable = isRepeatable && this.#outbox !== undefined;
    metrics.bridgePending += 1;
    if (isStorable) {
      this.#outbox.publishing(delivery);
      this.#storing?.start(delivery, clock.now());
    }
    const message = { body: delivery.body, isRepeatable, mayWait: !isStorable };
    void this.#bridge.publish(message).then(
      () => this.#taken(delivery),
      (error: unknown) => this.#refused(delivery, error),
    );
  }

  #taken(delivery: Delivery): void {
    const { metrics, events, clock } = this.#parts;
    metrics.bridgePending -= 1;
    metrics.messagesBridged += 1;
    delivery.ring?.stop(delivery);
    const { custody } = delivery;
    delivery.custody = 'received';
    if (custody !== 'stored') delivery.origin.responsible(delivery, 'bridged', clock.now());
    this.#outbox?.published(delivery);
    if (events.has('bridged')) events.emit('bridged', delivery.message);
  }

  #refused(delivery: Delivery, error: unknown): void {
    const { metrics, events } = this.#parts;
    metrics.bridgePending -= 1;
    metrics.bridgeFailures += 1;
    delivery.ring?.stop(delivery);
    events.emit('bridgeFailed', { message: delivery.message, error: asError(error) });
    if (this.#outbox === undefined || delivery.fingerprint === undefined)
      this.#lastResort.take(delivery, 'offline');
    else this.#outbox.notPublished(delivery);
  }

  /** The broker has taken too long: the store takes over, while the broker still may confirm. */
  #overdue(delivery: Delivery): void {
    if (delivery.custody === 'memory') this.#outbox?.put(delivery);
  }
}
