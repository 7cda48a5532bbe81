import { isUtf8 } from 'node:buffer';
import { asError } from '@imcore/server/ports';
import type { AsyncMessage, Channel, Connection } from 'rabbitmq-client';
import type { BrokerHost, BrokerVerdict } from './broker.js';
import { cannotBeUsed, declareQueue } from './declare-queue.js';
import { Link } from './link.js';
import type { Settings } from './options.js';
import type { PublisherEvents } from './publisher.js';
import { keepBodiesRaw } from './raw-bodies.js';

/** What a consumer reports and needs. */
interface ConsumerEvents extends Omit<PublisherEvents, 'onBlocked'> {
  /** Keeps what cannot be handled. Resolves when the broker has it. */
  deadLetter(body: Buffer, code: string, reason: string): Promise<void>;
}

/** Receives messages, and answers the broker for each when there is a verdict. */
export class Consumer {
  readonly #settings: Settings;
  readonly #host: BrokerHost;
  readonly #events: ConsumerEvents;
  readonly #link: Link;
  #isClosed = false;

  constructor(settings: Settings, host: BrokerHost, events: ConsumerEvents) {
    this.#settings = settings;
    this.#host = host;
    this.#events = events;
    this.#link = new Link(settings, 'imcore consumer', {
      prepare: (connection, channel) => this.#prepare(connection, channel),
      onUp: () => events.onUp(),
      onDown: (error) => events.onDown(error),
    });
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  open(): void {
    this.#link.open();
  }

  /** What has no verdict yet goes back to the broker. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#link.close();
  }

  async #prepare(connection: Connection, channel: Channel): Promise<void> {
    const { incomingQueue, queueArguments, prefetch } = this.#settings;
    const problem = await declareQueue(connection, { queue: incomingQueue, arguments: queueArguments });
    if (problem !== undefined) this.#events.onError(problem);
    await channel.basicQos({ prefetchCount: prefetch });
    keepBodiesRaw(channel);
    try {
      await channel.basicConsume({ queue: incomingQueue }, (message) => void this.#take(message, channel));
    } catch (error) {
      throw cannotBeUsed(incomingQueue, error);
    }
  }

  async #take(message: AsyncMessage, channel: Channel): Promise<void> {
    if (this.#isClosed) return;
    const body = bytesOf(message.body);
    try {
      const verdict = await this.#judge(body);
      if (verdict.outcome === 'rejected') await this.#events.deadLetter(body, verdict.code, verdict.reason);
      if (verdict.outcome === 'later') this.#giveBackLater(message, channel);
      // On another link the broker has given the message back to itself already.
      else if (channel.active) channel.basicAck({ deliveryTag: message.deliveryTag });
    } catch (error) {
      if (!this.#isClosed) this.#events.onError(asError(error));
      this.#giveBackLater(message, channel);
    }
  }

  async #judge(body: Buffer): Promise<BrokerVerdict> {
    const { maxBodyBytes } = this.#settings;
    if (body.length > maxBodyBytes) {
      const reason = `the message has ${body.length} bytes, more than ${maxBodyBytes}`;
      return { outcome: 'rejected', code: 'ERR_FRAME_TOO_LARGE', reason };
    }
    // Decoded all the same, different user IDs would become the same user ID.
    if (!isUtf8(body)) return { outcome: 'rejected', code: 'ERR_MALFORMED_PACKET', reason: 'not UTF-8' };
    return await this.#host.receive(body.toString());
  }

  #giveBackLater({ deliveryTag }: AsyncMessage, channel: Channel): void {
    const { clock, restMs } = this.#settings;
    if (this.#isClosed) return;
    clock.schedule(clock.now() + restMs, () => {
      if (channel.active) channel.basicNack({ deliveryTag, requeue: true });
    });
  }
}

/** The bytes of a body; of one that the library has read, the text again. */
function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''));
}
