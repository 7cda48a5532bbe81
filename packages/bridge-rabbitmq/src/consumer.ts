import type { BridgeHost, BridgeVerdict } from '@imcore/server/ports';
import type { AsyncMessage, Channel, Connection } from 'rabbitmq-client';
import { cannotBeUsed, declareQueue } from './declare-queue.js';
import { Link } from './link.js';
import type { Settings } from './options.js';
import type { PublisherEvents } from './publisher.js';
import { keepBodiesRaw } from './raw-bodies.js';

/** What a consumer asks of its bridge. */
export interface ConsumerEvents extends Omit<PublisherEvents, 'blocked'> {
  /** Keeps what cannot be handled. Resolves when the broker has it. */
  deadLetter(body: Buffer, code: string, reason: string): Promise<void>;
}

/** Hands in what the broker has, and answers it for each message when there is a verdict. */
export class Consumer {
  readonly #settings: Settings;
  readonly #host: BridgeHost;
  readonly #events: ConsumerEvents;
  readonly #link: Link;
  #isClosed = false;

  constructor(settings: Settings, host: BridgeHost, events: ConsumerEvents) {
    this.#settings = settings;
    this.#host = host;
    this.#events = events;
    this.#link = new Link(settings, 'imcore consumer', {
      prepare: (connection, channel) => this.#prepare(connection, channel),
      up: () => this.#events.up(),
      down: (error) => this.#events.down(error),
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
    const trouble = await declareQueue(connection, { queue: incomingQueue, arguments: queueArguments });
    if (trouble !== undefined) this.#events.troubled(trouble);
    await channel.basicQos({ prefetchCount: prefetch });
    keepBodiesRaw(channel);
    try {
      await channel.basicConsume({ queue: incomingQueue }, (message) => this.#take(message, channel));
    } catch (error) {
      throw cannotBeUsed(incomingQueue, error);
    }
  }

  #take(message: AsyncMessage, channel: Channel): void {
    if (this.#isClosed) return;
    const body = bytesOf(message.body);
    void this.#judge(body).then((verdict) => this.#answer(message, body, channel, verdict));
  }

  async #judge(body: Buffer): Promise<BridgeVerdict> {
    const { maxBodyBytes } = this.#settings;
    if (body.length > maxBodyBytes) {
      const reason = `the message has ${body.length} bytes, allowed are ${maxBodyBytes}`;
      return { outcome: 'refused', code: 'ERR_FRAME_TOO_LARGE', reason };
    }
    try {
      return await this.#host.receive(body.toString());
    } catch (error) {
      this.#events.troubled(error instanceof Error ? error : new Error(String(error)));
      return { outcome: 'later' };
    }
  }

  async #answer(
    message: AsyncMessage,
    body: Buffer,
    channel: Channel,
    verdict: BridgeVerdict,
  ): Promise<void> {
    if (verdict.outcome === 'taken') this.#acknowledge(message, channel);
    else if (verdict.outcome === 'later') this.#giveBackLater(message, channel);
    else {
      try {
        await this.#events.deadLetter(body, verdict.code, verdict.reason);
        this.#acknowledge(message, channel);
      } catch (error) {
        if (!this.#isClosed) this.#events.troubled(error instanceof Error ? error : new Error(String(error)));
        this.#giveBackLater(message, channel);
      }
    }
  }

  /** On another link the broker has given the message back to itself already. */
  #acknowledge({ deliveryTag }: AsyncMessage, channel: Channel): void {
    if (channel.active) channel.basicAck({ deliveryTag });
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
