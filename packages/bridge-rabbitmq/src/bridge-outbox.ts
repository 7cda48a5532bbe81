import type { Scheduled } from '@imcore/protocol';
import {
  asError,
  type DeadlineRing,
  type Delivery,
  type Position,
  type RouteHost,
  type RouteQueues,
  reportDisplaced,
  reportQueueFull,
  type StoredMessage,
} from '@imcore/server/ports';
import { OutboxPointers, type PointerOutcome, type Publish } from './outbox-pointers.js';

/** How often a node of a cluster that has caught up looks for messages that other nodes have stored for it, in milliseconds. */
const LOOK_EVERY_MS = 1000;

/** How long a broker or a store that failed is left alone before the next try, in milliseconds. */
const RETRY_MS = 1000;

/**
 * Publishes messages, and keeps in the store what the broker does not confirm in time.
 *
 * Each stored message is in its receiver's own queue, so that a receiver who comes online here gets it like any other; a
 * pointer says that it belongs to the bridge. When the broker is back the pointers are worked off, oldest first, and
 * until the last one is, new messages follow behind them.
 *
 * - `behind`: there are pointers, or there may be: new messages go to the store.
 * - `closing`: all that is stored is published: new messages wait in a tail queue for an instant, so that the end is
 *   reached although messages keep coming.
 * - `caught-up`: new messages are published at once.
 *
 * @see docs/adr/0008-what-waits-for-the-bridge.md
 */
export class BridgeOutbox {
  readonly #host: RouteHost;
  readonly #writer: RouteQueues['writer'];
  readonly #publishToBroker: Publish;
  readonly #pointers: OutboxPointers;
  readonly #deadlines: DeadlineRing;
  #state: 'behind' | 'closing' | 'caught-up' = 'behind';
  #isJoined = false;
  #isStopped = false;
  #work: 'none' | 'under-way' | 'under-way-and-more' = 'none';
  #retry: Scheduled | undefined = undefined;
  #look: Scheduled | undefined = undefined;
  /** Messages that are being stored. */
  #persisting = 0;
  #tail: Delivery[] = [];
  /** Published, and the broker has not answered yet. */
  readonly #atBroker = new Set<Delivery>();
  /** The pointers to messages whose copy at the broker may still be confirmed. */
  readonly #pointerOf = new WeakMap<Delivery, Position>();

  /** @param storeAfterMs how long the broker may take to confirm before a message is stored, in milliseconds. */
  constructor(host: RouteHost, queues: RouteQueues, publish: Publish, storeAfterMs: number) {
    this.#host = host;
    this.#writer = queues.writer;
    this.#publishToBroker = publish;
    this.#pointers = new OutboxPointers(host, queues, publish);
    this.#deadlines = host.runtime.timers.ring<Delivery>(storeAfterMs, (delivery) => this.#due(delivery));
  }

  /** Takes a message with a fingerprint: publishes it, or keeps it in its place behind the others. */
  send(delivery: Delivery): void {
    if (this.#state === 'behind') {
      this.#persist(delivery);
      return;
    }
    this.#deadlines.start(delivery, this.#host.runtime.clock.now());
    if (this.#state === 'closing') this.#tail.push(delivery);
    else void this.#publish(delivery);
  }

  /** The broker takes messages. */
  joined(): void {
    this.#isJoined = true;
    this.#wake();
  }

  /** The broker takes no messages. */
  away(): void {
    this.#isJoined = false;
    this.#stopRetry();
    this.#fallBehind();
  }

  /** Stores what the broker has not confirmed, so that its senders can be acknowledged. */
  secure(): void {
    for (const delivery of this.#atBroker) this.#persistIfNeeded(delivery);
    this.#fallBehind();
  }

  /** From now on nothing is taken out of the store. */
  stop(): void {
    this.#isStopped = true;
    this.#stopRetry();
    this.#look?.cancel();
  }

  async #publish(delivery: Delivery): Promise<void> {
    const { body } = delivery;
    this.#atBroker.add(delivery);
    const error = await this.#publishToBroker({ body, isRepeatable: true, mayWait: false });
    this.#atBroker.delete(delivery);
    delivery.ring?.stop(delivery);
    if (error === undefined) this.#published(delivery);
    else this.#notPublished(delivery, error);
  }

  #published(delivery: Delivery): void {
    const { clock, events } = this.#host.runtime;
    const wasPersisted = delivery.state === 'persisted';
    delivery.moveTo('acknowledged');
    if (!wasPersisted) delivery.origin.accepted(delivery, 'bridged', clock.now());
    this.#forget(delivery);
    this.#wake();
    if (events.has('bridged')) events.emit('bridged', delivery.message);
  }

  /** The broker has not got it, or that is unknown: it follows out of the store. */
  #notPublished(delivery: Delivery, error: Error): void {
    const { position } = delivery;
    this.#host.runtime.events.emit('bridgeFailed', { message: delivery.message, error });
    if (position !== undefined) this.#pointers.giveBack(delivery.to, position);
    this.#persistIfNeeded(delivery);
    this.#tryLater();
  }

  /** The broker has taken too long: the store takes over, while the broker still may confirm. */
  #due(delivery: Delivery): void {
    if (this.#tail.includes(delivery)) this.#fallBehind();
    else this.#persistIfNeeded(delivery);
  }

  #persistIfNeeded(delivery: Delivery): void {
    const { state } = delivery;
    if (state === 'pending' || state === 'rejected') this.#persist(delivery);
  }

  /** Stores a message, then its pointer; its sender is acknowledged when both are stored. */
  #persist(delivery: Delivery): void {
    const { to, from, body, fingerprint = '' } = delivery;
    delivery.moveTo('persisting');
    this.#persisting += 1;
    const message = { to, from, body, fingerprint, acceptedAt: this.#host.runtime.clock.wallTime() };
    this.#append(delivery, message, (position) => {
      delivery.position = position;
      // Without a position it was delivered long ago.
      if (position === undefined || delivery.state === 'acknowledged') return this.#persisted(delivery);
      if (this.#atBroker.has(delivery)) this.#writer.hold(to, position);
      // Its receiver may be here by now, and what is new must not be written before it.
      this.#host.appended(to);
      this.#append(delivery, this.#pointers.pointerTo(message, position), (pointer) => {
        if (pointer !== undefined) this.#pointerOf.set(delivery, pointer);
        this.#persisted(delivery);
      });
    });
  }

  #append(delivery: Delivery, record: StoredMessage, next: (position: Position | undefined) => void): void {
    this.#writer.append(record, (result) => {
      if (result === undefined || result.outcome === 'full') {
        const reason = result && reportQueueFull(this.#host.runtime, delivery, result.limit);
        this.#notPersisted(delivery, reason ?? 'store');
        return;
      }
      if (result.outcome === 'stored' && result.displaced !== undefined)
        reportDisplaced(this.#host.runtime, result.displaced);
      next(result.position);
    });
  }

  #persisted(delivery: Delivery): void {
    this.#persisting -= 1;
    if (delivery.state === 'acknowledged') this.#forget(delivery);
    else {
      const { metrics, clock, events } = this.#host.runtime;
      metrics.messagesStored += 1;
      delivery.moveTo('persisted');
      delivery.origin.accepted(delivery, 'stored', clock.now());
      if (events.has('stored')) events.emit('stored', delivery.message);
      this.#host.appended(delivery.to);
    }
    this.#wake();
  }

  /** A message that the broker has may still be confirmed; any other is undeliverable now. */
  #notPersisted(delivery: Delivery, reason: 'store' | 'queue-full' | 'store-full'): void {
    this.#persisting -= 1;
    if (this.#atBroker.has(delivery)) delivery.moveTo('rejected');
    else if (delivery.state !== 'acknowledged') this.#host.fallBack(delivery, reason);
    this.#wake();
  }

  /** The broker has confirmed: the store forgets what it has of the message. */
  #forget(delivery: Delivery): void {
    const { to, position } = delivery;
    const pointer = this.#pointerOf.get(delivery);
    if (position === undefined) return;
    this.#writer.confirm(to, position);
    if (pointer !== undefined) this.#pointers.confirm(pointer);
    this.#writer.release(to, position);
  }

  /** There may be pointers to work off, unless the next try has its time. */
  #wake(): void {
    if (this.#state === 'caught-up' || !this.#mayWork() || this.#retry !== undefined) return;
    if (this.#work !== 'none') {
      this.#work = 'under-way-and-more';
      return;
    }
    this.#work = 'under-way';
    void this.#workOff().then((outcome) => this.#workedOff(outcome));
  }

  #mayWork(): boolean {
    return this.#isJoined && !this.#isStopped;
  }

  async #workOff(): Promise<PointerOutcome> {
    try {
      return await this.#pointers.workOff(() => this.#mayWork());
    } catch (error) {
      const { metrics, events } = this.#host.runtime;
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
      return 'failed';
    }
  }

  #workedOff(outcome: PointerOutcome): void {
    const isMore = this.#work === 'under-way-and-more';
    this.#work = 'none';
    if (outcome === 'failed') {
      this.#tryLater();
      return;
    }
    if (outcome === 'done' && this.#isJoined) this.#state = 'closing';
    if (isMore) this.#wake();
    else if (outcome === 'done' && this.#state === 'closing' && this.#persisting === 0) this.#catchUp();
  }

  #catchUp(): void {
    this.#state = 'caught-up';
    this.#lookLater();
    for (const delivery of this.#takeTail()) void this.#publish(delivery);
  }

  #fallBehind(): void {
    this.#state = 'behind';
    for (const delivery of this.#takeTail()) {
      delivery.ring?.stop(delivery);
      this.#persist(delivery);
    }
  }

  #lookLater(): void {
    if (!this.#host.isInCluster) return;
    const { clock } = this.#host.runtime;
    this.#look?.cancel();
    this.#look = clock.schedule(clock.now() + LOOK_EVERY_MS, () => void this.#lookForPointers());
  }

  /** Other nodes store messages for the bridge, too. New messages wait in the tail queue until these are published. */
  async #lookForPointers(): Promise<void> {
    let hasPointers = false;
    try {
      hasPointers = await this.#pointers.hasAny();
    } catch (error) {
      const { metrics, events } = this.#host.runtime;
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
    }
    if (this.#state !== 'caught-up' || this.#isStopped) return;
    if (!hasPointers) {
      this.#lookLater();
      return;
    }
    this.#state = 'closing';
    this.#wake();
  }

  #takeTail(): readonly Delivery[] {
    const tail = this.#tail;
    this.#tail = [];
    return tail;
  }

  /** The broker, or the store, does not do what it is asked. */
  #tryLater(): void {
    this.#fallBehind();
    if (!this.#mayWork()) return;
    const { clock } = this.#host.runtime;
    this.#retry ??= clock.schedule(clock.now() + RETRY_MS, () => {
      this.#retry = undefined;
      this.#wake();
    });
  }

  #stopRetry(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
  }
}
