import { type Bridge, BridgeError, type BridgeHost, type BridgeMessage } from '@imcore/server/ports';
import { Consumer } from './consumer.js';
import { type RabbitMqOptions, readOptions, type Settings } from './options.js';
import { Publisher } from './publisher.js';

/** How long the broker may take to confirm what is under way when the bridge closes, in milliseconds. */
const CLOSE_WAIT_MS = 2000;

/** How a bridge is. */
export interface BridgeHealth {
  /** `away`: the broker cannot be reached or used, and the bridge goes on trying. */
  readonly state: 'new' | 'joined' | 'away' | 'closed';
  /** Why it is away, or was the last time. */
  readonly lastError: Error | undefined;
  /** Messages that the broker has not confirmed. */
  readonly waiting: number;
  /** Times that it has joined. */
  readonly joins: number;
  /** Messages that were put among the dead letters. */
  readonly deadLetters: number;
}

/** A bridge over RabbitMQ. */
export interface RabbitMqBridge extends Bridge {
  readonly health: BridgeHealth;
}

/**
 * Joins this server with MobileIMSDK-Web over two RabbitMQ queues.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/guide/bridge.md
 */
export function rabbitmq(options: RabbitMqOptions): RabbitMqBridge {
  return new RabbitMq(readOptions(options));
}

class RabbitMq implements RabbitMqBridge {
  readonly #settings: Settings;
  readonly #publisher: Publisher;
  #consumer: Consumer | undefined = undefined;
  #host: BridgeHost | undefined = undefined;
  #state: BridgeHealth['state'] = 'new';
  #lastError: Error | undefined = undefined;
  #joins = 0;
  #deadLetters = 0;
  #closing: Promise<void> | undefined = undefined;
  /** Troubles that were told: once each, not with every new link. */
  readonly #told = new Set<string>();

  constructor(settings: Settings) {
    this.#settings = settings;
    const { outgoingQueue, deadLetterQueue, queueArguments } = settings;
    const queues = [
      { queue: outgoingQueue, arguments: queueArguments },
      { queue: deadLetterQueue, arguments: {} },
    ];
    this.#publisher = new Publisher(settings, queues, {
      ...this.#linkEvents(),
      blocked: (reason) => this.#blocked(reason),
    });
  }

  get health(): BridgeHealth {
    const [state, lastError, joins, deadLetters] = [
      this.#state,
      this.#lastError,
      this.#joins,
      this.#deadLetters,
    ];
    return { state, lastError, waiting: this.#publisher.waiting, joins, deadLetters };
  }

  start(host: BridgeHost): Promise<void> {
    // A server may be closed while it begins: nobody would close links that are opened then.
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

  publish({ body, isRepeatable, mayWait }: BridgeMessage): Promise<void> {
    return this.#publisher.publish({
      queue: this.#settings.outgoingQueue,
      body: Buffer.from(body, 'latin1'),
      headers: undefined,
      isRepeatable,
      mayWait,
    });
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
    await this.#publisher.publish({
      queue: deadLetterQueue,
      body,
      headers,
      isRepeatable: true,
      mayWait: true,
    });
    this.#deadLetters += 1;
  }

  #linkEvents() {
    return {
      up: () => this.#up(),
      down: (error: Error) => this.#down(error),
      troubled: (error: Error) => this.#troubled(error),
    };
  }

  #up(): void {
    if (this.#state === 'closed' || !this.#publisher.isUp || this.#consumer?.isUp !== true) return;
    this.#state = 'joined';
    this.#joins += 1;
    this.#host?.joined();
  }

  #down(error: Error): void {
    if (this.#state === 'closed') return;
    this.#lastError = error;
    if (this.#state === 'away') return;
    this.#state = 'away';
    this.#host?.away(error);
  }

  #blocked(reason: string): void {
    const text = `the broker takes no messages for now: ${reason}`;
    this.#host?.troubled(new BridgeError('ERR_BRIDGE_BLOCKED', text));
  }

  #troubled(error: Error): void {
    if (this.#told.has(error.message)) return;
    if (this.#told.size < 100) this.#told.add(error.message);
    this.#host?.troubled(error);
  }
}
