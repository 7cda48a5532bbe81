import type { Instant } from '@imcore/protocol';
import {
  asError,
  checkInteger,
  checkNames,
  type Delivery,
  type Route,
  type RouteAnswer,
  type RouteHost,
  type RouteReceiver,
  type UndeliveredReason,
} from '@imcore/server/ports';
import { BridgeIntake } from './bridge-intake.js';
import { BridgeOutbox } from './bridge-outbox.js';
import type { Broker, BrokerHealth, BrokerMessage } from './broker.js';

/** Messages from the other system that are remembered, for ten minutes at most. The oldest are forgotten first. */
const MAX_REMEMBERED = 200_000;

/** Options of {@link bridgeRoute}. */
export interface BridgeRouteOptions {
  /**
   * How long the broker may take to confirm a message before the server's store takes it, in milliseconds. Without effect
   * where there is no store. Default 1000.
   */
  readonly storeAfterMs?: number | undefined;
}

/**
 * Joins the users of a server with those of another system, over a broker: for the option `routes` of `createServer`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function bridgeRoute(broker: Broker, options: BridgeRouteOptions = {}): BridgeRoute {
  checkNames(options, { storeAfterMs: true });
  checkInteger('storeAfterMs', options.storeAfterMs, 1);
  return new BridgeRoute(broker, options.storeAfterMs);
}

/**
 * Publishes messages for users who are not online here, in the order in which they come, and takes what the other system
 * sends.
 *
 * Without a store a message waits until the broker has it, and its sender is not acknowledged meanwhile. With a store it
 * goes to the bridge outbox there when the broker is away or takes too long, and follows later.
 *
 * @see docs/adr/0008-what-waits-for-the-bridge.md
 */
export class BridgeRoute implements Route {
  readonly name = 'bridge';
  readonly #broker: Broker;
  readonly #storeAfterMs: number;
  readonly #maxRemembered: number;
  #host!: RouteHost;
  #intake!: BridgeIntake;
  #outbox: BridgeOutbox | undefined = undefined;
  #pending = 0;

  constructor(broker: Broker, storeAfterMs = 1000, maxRemembered = MAX_REMEMBERED) {
    this.#broker = broker;
    this.#storeAfterMs = storeAfterMs;
    this.#maxRemembered = maxRemembered;
  }

  /** How the broker is. */
  get health(): BrokerHealth {
    return this.#broker.health;
  }

  get pending(): number {
    return this.#pending;
  }

  init(host: RouteHost): void {
    const { queues } = host;
    this.#host = host;
    this.#intake = new BridgeIntake(host, this.#maxRemembered);
    if (queues === undefined) return;
    this.#outbox = new BridgeOutbox(host, queues, (message) => this.#publish(message), this.#storeAfterMs);
  }

  /** Declines messages for users who are online, and those that came over a bridge. */
  take(
    delivery: Delivery,
    _receiver: RouteReceiver | undefined,
    _now: Instant,
    reason: UndeliveredReason,
  ): RouteAnswer {
    if (this.#host.isOnline(delivery.to) || delivery.packet.bridge) return reason;
    if (this.#outbox === undefined || delivery.fingerprint === undefined) void this.#sendUnstored(delivery);
    else this.#outbox.send(delivery);
    return 'taken';
  }

  start(): Promise<void> {
    const { metrics, events } = this.#host.runtime;
    return this.#broker.start({
      receive: (text) => this.#intake.receive(text),
      onJoined: () => {
        metrics.bridgeJoined = 1;
        this.#outbox?.joined();
        events.emit('bridge', { state: 'joined', error: undefined });
      },
      onAway: (error) => {
        metrics.bridgeJoined = 0;
        this.#outbox?.away();
        if (!this.#intake.isStopped) events.emit('bridge', { state: 'away', error });
      },
      onError: (error) => events.emit('error', error),
    });
  }

  stopAccepting(): void {
    this.#intake.stop();
  }

  secure(): void {
    this.#outbox?.secure();
  }

  async close(): Promise<void> {
    try {
      await this.#broker.close();
    } finally {
      this.#outbox?.stop();
    }
  }

  /** A message that no store takes waits until the broker has it. */
  async #sendUnstored(delivery: Delivery): Promise<void> {
    const { events } = this.#host.runtime;
    const { body, fingerprint } = delivery;
    const error = await this.#publish({ body, isRepeatable: fingerprint !== undefined, mayWait: true });
    if (error !== undefined) {
      events.emit('bridgeFailed', { message: delivery.message, error });
      this.#host.fallBack(delivery, 'offline');
      return;
    }
    this.#host.accept(delivery, 'bridged');
    if (events.has('bridged')) events.emit('bridged', delivery.message);
  }

  /** Publishes and counts. Resolves with why the broker has not got the message, or undefined where it has. */
  async #publish(message: BrokerMessage): Promise<Error | undefined> {
    const { metrics } = this.#host.runtime;
    this.#pending += 1;
    metrics.bridgePending += 1;
    try {
      await this.#broker.publish(message);
      metrics.messagesBridged += 1;
      return undefined;
    } catch (error) {
      metrics.bridgeFailures += 1;
      return asError(error);
    } finally {
      this.#pending -= 1;
      metrics.bridgePending -= 1;
    }
  }
}
