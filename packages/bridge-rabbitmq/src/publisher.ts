import type { Channel, Connection } from 'rabbitmq-client';
import { BridgeError } from './bridge-error.js';
import { cannotBeUsed, declareQueue, type QueueDeclaration } from './declare-queue.js';
import { Link } from './link.js';
import type { Settings } from './options.js';
import { type Publication, Publications, type Ticket } from './publications.js';

/** What a publisher reports. */
export interface PublisherEvents {
  onUp(): void;
  onDown(error: Error): void;
  onError(error: Error): void;
  /** The broker takes no messages for now, and has said why. */
  onBlocked(reason: string): void;
}

type PublicationRequest = Omit<Publication, 'resolve' | 'reject'>;

/** Publishes messages with confirmation, in order, over as many links as it takes. */
export class Publisher {
  readonly #settings: Settings;
  readonly #queues: readonly QueueDeclaration[];
  readonly #events: PublisherEvents;
  readonly #publications: Publications;
  readonly #link: Link;
  /** What messages are written to now: none while the link is down, or the broker blocks it. */
  #channel: Channel | undefined = undefined;
  #number = 0;
  /** Confirmed in this turn of the event loop; a message that no queue took is returned in the same one. */
  #confirmed: Ticket[] = [];
  #expiring: { cancel(): void } | undefined = undefined;
  #isClosed = false;

  constructor(settings: Settings, queues: readonly QueueDeclaration[], events: PublisherEvents) {
    this.#settings = settings;
    this.#queues = queues;
    this.#events = events;
    this.#publications = new Publications(settings.maxWaiting, settings.publishTimeoutMs);
    this.#link = new Link(settings, 'imcore publisher', {
      prepare: (connection, channel) => this.#prepare(connection, channel),
      onUp: (channel, link) => {
        this.#number = link;
        this.#writeTo(channel);
        this.#events.onUp();
      },
      onDown: (error) => this.#down(error),
    });
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  get waiting(): number {
    return this.#publications.size;
  }

  open(): void {
    this.#link.open();
  }

  /** @throws BridgeError */
  async publish(request: PublicationRequest): Promise<void> {
    if (this.#isClosed) throw closed();
    if (!this.isUp && !request.mayWait) throw new BridgeError('ERR_BRIDGE_AWAY', 'the broker is away');
    await new Promise<void>((resolve, reject) => {
      const ticket = this.#publications.add({ ...request, resolve, reject }, this.#settings.clock.now());
      this.#expireInTime();
      if (this.#channel !== undefined) this.#write(ticket, this.#channel);
    });
  }

  /** Waits for what the broker has not answered, `waitMs` at most, and rejects the rest. */
  async close(waitMs: number): Promise<void> {
    this.#isClosed = true;
    const { clock } = this.#settings;
    const until = this.isUp ? clock.now() + waitMs : 0;
    while (this.waiting > 0 && clock.now() < until)
      await new Promise<void>((resolve) => clock.schedule(clock.now() + 10, resolve));
    this.#expiring?.cancel();
    for (const { publication } of this.#publications.clear()) publication.reject(closed());
    await this.#link.close();
  }

  async #prepare(connection: Connection, channel: Channel): Promise<void> {
    for (const declaration of this.#queues) {
      const problem = await declareQueue(connection, declaration);
      if (problem !== undefined) this.#events.onError(problem);
    }
    channel.on('basic.return', ({ routingKey }: { routingKey: string }) => {
      this.#link.fail(new BridgeError('ERR_BRIDGE_QUEUE', `queue ${routingKey} is gone`));
    });
    // What is written to a blocked link is taken when it is free again, long after it was reported as failed.
    connection.on('connection.blocked', (reason: string) => {
      this.#channel = undefined;
      this.#events.onBlocked(reason);
    });
    connection.on('connection.unblocked', () => this.#writeTo(channel));
    await channel.confirmSelect();
  }

  #writeTo(channel: Channel): void {
    this.#channel = channel;
    for (const ticket of this.#publications.unwritten()) this.#write(ticket, channel);
  }

  #write(ticket: Ticket, channel: Channel): void {
    const number = this.#number;
    this.#publications.written(ticket, number);
    const { queue, body, headers } = ticket.publication;
    const envelope = {
      routingKey: queue,
      durable: true,
      mandatory: true,
      priority: 0,
      contentType: 'text/plain',
      ...(headers === undefined ? {} : { headers }),
    };
    channel.basicPublish(envelope, body).then(
      () => this.#confirm(ticket),
      (error: unknown) => this.#rejected(ticket, number, error),
    );
  }

  #confirm(ticket: Ticket): void {
    this.#confirmed.push(ticket);
    if (this.#confirmed.length > 1) return;
    const number = this.#number;
    setImmediate(() => {
      const confirmed = this.#confirmed;
      this.#confirmed = [];
      for (const each of confirmed) {
        if (this.#publications.answered(each, number)) each.publication.resolve();
      }
    });
  }

  /** The broker rejects this one, or everything, or the link is lost: then {@link #down} deals with it. */
  #rejected(ticket: Ticket, number: number, error: unknown): void {
    if (!(error instanceof Error && 'code' in error && error.code === 'NACK')) {
      const cause = cannotBeUsed(ticket.publication.queue, error);
      if (cause !== error && number === this.#number && this.isUp) this.#link.fail(cause);
      return;
    }
    if (!this.#publications.answered(ticket, number)) return;
    const text = 'the broker has not taken the message';
    ticket.publication.reject(new BridgeError('ERR_BRIDGE_REJECTED', text, { cause: error }));
  }

  #down(error: Error): void {
    this.#channel = undefined;
    this.#events.onDown(error);
    for (const { publication, link } of this.#publications.lost()) {
      publication.reject(
        link !== undefined && publication.mayWait
          ? new BridgeError('ERR_BRIDGE_UNCONFIRMED', 'the link broke before the broker had confirmed')
          : new BridgeError('ERR_BRIDGE_AWAY', error.message, { cause: error }),
      );
    }
  }

  #expireInTime(): void {
    const { clock, publishTimeoutMs } = this.#settings;
    const at = this.#publications.nextDeadline;
    if (this.#expiring !== undefined || at === undefined) return;
    this.#expiring = clock.schedule(at, () => {
      this.#expiring = undefined;
      for (const { publication } of this.#publications.expire(clock.now())) {
        const text = `the broker has not confirmed within ${publishTimeoutMs} ms`;
        publication.reject(new BridgeError('ERR_BRIDGE_AWAY', text));
      }
      this.#expireInTime();
    });
  }
}

function closed(): BridgeError {
  return new BridgeError('ERR_BRIDGE_CLOSED', 'the bridge is closed');
}
