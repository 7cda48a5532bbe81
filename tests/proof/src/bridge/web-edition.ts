import { Connection, type Consumer, ConsumerStatus, type Publisher } from 'rabbitmq-client';

/** The three queues between the two systems. */
export interface BridgeQueues {
  readonly app2web: string;
  readonly web2app: string;
  readonly dead: string;
}

/** A message in the queue of dead letters. */
interface DeadLetter {
  readonly text: string;
  readonly code: string;
  readonly reason: string;
}

/** A fault of the stand-in. */
type WebFault =
  /** Returns each message to the broker the first time. */
  | 'gives-back'
  /** Never acknowledges messages. */
  | 'never-acknowledges';

/**
 * A stand-in for the Web edition: consumes what the other system publishes, and sends to it, with faults on demand. It
 * reconnects to the broker by itself.
 */
export class WebEdition {
  /** Received messages, in order, duplicates included. */
  readonly received: string[] = [];
  /** Called for each received message. */
  onReceived: (text: string) => void = () => {};
  fault: WebFault | undefined = undefined;
  readonly queues: BridgeQueues;
  readonly #connection: Connection;
  readonly #publisher: Publisher;
  readonly #givenBack = new Set<string>();
  #consumer: Consumer | undefined = undefined;

  constructor(url: string, queues: BridgeQueues) {
    this.queues = queues;
    this.#connection = new Connection({ url, retryLow: 100, retryHigh: 1000, acquireTimeout: 60_000 });
    this.#connection.on('error', () => {});
    this.#publisher = this.#connection.createPublisher({ confirm: true, maxAttempts: 1_000_000 });
  }

  /** Consumes the existing queue, as the Web edition does, without declaring it. Resolves when it is consuming. */
  async read(): Promise<void> {
    const { app2web: queue } = this.queues;
    const options = { queue, queueOptions: { passive: true }, qos: { prefetchCount: 256 } };
    const consumer = this.#connection.createConsumer(options, ({ body }) => this.#take(body));
    consumer.on('error', () => {});
    this.#consumer = consumer;
    await new Promise<void>((resolve) => consumer.once('ready', resolve));
  }

  /** Sends a packet's text. Resolves when the broker has confirmed it. */
  async send(text: string | Buffer, contentType = 'text/plain'): Promise<void> {
    const envelope = { routingKey: this.queues.web2app, durable: true, contentType };
    await this.#publisher.send(envelope, Buffer.from(text));
  }

  /** The number of messages in a queue. */
  async count(queue: keyof BridgeQueues): Promise<number> {
    const { messageCount } = await this.#connection.queueDeclare({
      queue: this.queues[queue],
      passive: true,
    });
    return messageCount;
  }

  /** Takes one message out of a queue; `undefined` when there is none. */
  async takeOne(queue: keyof BridgeQueues) {
    const message = await this.#connection.basicGet({ queue: this.queues[queue], noAck: true } as never);
    return message === undefined ? undefined : { ...message, text: String(message.body) };
  }

  async takeDeadLetters(): Promise<readonly DeadLetter[]> {
    const deadLetters: DeadLetter[] = [];
    for (;;) {
      const message = await this.takeOne('dead');
      if (message === undefined) return deadLetters;
      const headers = message.headers ?? {};
      deadLetters.push({
        text: message.text,
        code: String(headers['x-imcore-code']),
        reason: String(headers['x-imcore-reason']),
      });
    }
  }

  async deleteQueues(): Promise<void> {
    for (const queue of Object.values(this.queues)) await this.#connection.queueDelete(queue);
  }

  async declareQueue(queue: keyof BridgeQueues, options: object): Promise<void> {
    await this.#connection.queueDeclare({ queue: this.queues[queue], ...options });
  }

  async deleteQueue(queue: keyof BridgeQueues): Promise<void> {
    await this.#connection.queueDelete(this.queues[queue]);
  }

  async stopReading(): Promise<void> {
    await this.#consumer?.close();
    this.#consumer = undefined;
  }

  async close(): Promise<void> {
    await this.stopReading();
    await this.#publisher.close();
    await this.#connection.close();
  }

  async #take(body: unknown): Promise<ConsumerStatus> {
    const text = String(body);
    if (this.fault === 'never-acknowledges') return await new Promise(() => {});
    if (this.fault === 'gives-back' && !this.#givenBack.has(text)) {
      this.#givenBack.add(text);
      return ConsumerStatus.REQUEUE;
    }
    this.received.push(text);
    this.onReceived(text);
    return ConsumerStatus.ACK;
  }
}
