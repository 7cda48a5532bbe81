import { BridgeError } from './bridge-error.js';
import { type BridgeRoute, bridgeRoute } from './bridge-route.js';
import type { Broker, BrokerHealth, BrokerHost, BrokerMessage } from './broker.js';
import { Consumer } from './consumer.js';
import { type RabbitMqOptions, readOptions, type Settings } from './options.js';
import { Publisher } from './publisher.js';

/** How long the broker may take to confirm what is under way when it is closed, in milliseconds. */
const CLOSE_WAIT_MS = 2000;

/** Errors that are remembered, so that each is reported once and not with every new link. */
const MAX_REPORTED = 100;

/**
 * Joins a server with MobileIMSDK-Web over two RabbitMQ queues: for the option `routes` of `createServer`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/guide/bridge.md
 */
export function rabbitmq(options: RabbitMqOptions): BridgeRoute {
  return bridgeRoute(rabbitmqBroker(options), { storeAfterMs: options.storeAfterMs });
}

/**
 * The queues of {@link rabbitmq} alone, for a {@link bridgeRoute} with something in between.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function rabbitmqBroker(options: RabbitMqOptions): Broker {
  return new RabbitMqBroker(readOptions(options));
}

/** Two queues of a RabbitMQ. Publishing and receiving have a connection each: a broker may block the first alone. */
export class RabbitMqBroker implements Broker {
  readonly #settings: Settings;
  readonly #publisher: Publisher;
  #consumer: Consumer | undefined = undefined;
  #host: BrokerHost | undefined = undefined;
  #state: BrokerHealth['state'] = 'new';
  #lastError: Error | undefined = undefined;
  #joins = 0;
  #deadLetters = 0;
  #closing: Promise<void> | undefined = undefined;
  readonly #reported = new Set<string>();

  constructor(settings: Settings) {
    this.#settings = settings;
    const { outgoingQueue, deadLetterQueue, queueArguments } = settings;
    const queues = [
      { queue: outgoingQueue, arguments: queueArguments },
      { queue: deadLetterQueue, arguments: {} },
    ];
    this.#publisher = new Publisher(settings, queues, {
      ...this.#linkEvents(),
      onBlocked: (reason) => {
        const text = `the broker takes no messages for now: ${reason}`;
        this.#host?.onError(new BridgeError('ERR_BRIDGE_BLOCKED', text));
      },
    });
  }

  get health(): BrokerHealth {
    return {
      state: this.#state,
      lastError: this.#lastError,
      waiting: this.#publisher.waiting,
      joins: this.#joins,
      deadLetters: this.#deadLetters,
    };
  }

  start(host: BrokerHost): Promise<void> {
    // A server may be closed while it starts: nobody would close links that are opened then.
    if (this.#closing !== undefined) return this.#closing;
    this.#host = host;
    this.#consumer = new Consumer(this.#settings, host, {
      ...this.#linkEvents(),
      deadLetter: (body, code, reason) => this.#deadLetter(body, code, reason),
    });
    this.#publisher.open();
    this.#consumer.open();
    return Promise.resolve();
  }

  publish({ body, ...fate }: BrokerMessage): Promise<void> {
    const queue = this.#settings.outgoingQueue;
    return this.#publisher.publish({ queue, body: Buffer.from(body, 'latin1'), ...fate });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    await this.#consumer?.close();
    await this.#publisher.close(CLOSE_WAIT_MS);
  }

  async #deadLetter(body: Buffer, code: string, reason: string): Promise<void> {
    const { deadLetterQueue, incomingQueue } = this.#settings;
    const headers = { 'x-imcore-code': code, 'x-imcore-reason': reason, 'x-imcore-queue': incomingQueue };
    const fate = { isRepeatable: true, mayWait: true };
    await this.#publisher.publish({ queue: deadLetterQueue, body, headers, ...fate });
    this.#deadLetters += 1;
  }

  #linkEvents() {
    return {
      onUp: () => this.#up(),
      onDown: (error: Error) => this.#down(error),
      onError: (error: Error) => this.#reportOnce(error),
    };
  }

  #up(): void {
    if (this.#state === 'closed' || !this.#publisher.isUp || this.#consumer?.isUp !== true) return;
    this.#state = 'joined';
    this.#joins += 1;
    this.#host?.onJoined();
  }

  #down(error: Error): void {
    if (this.#state === 'closed') return;
    this.#lastError = error;
    if (this.#state === 'away') return;
    this.#state = 'away';
    this.#host?.onAway(error);
  }

  #reportOnce(error: Error): void {
    if (this.#reported.has(error.message)) return;
    if (this.#reported.size < MAX_REPORTED) this.#reported.add(error.message);
    this.#host?.onError(error);
  }
}
