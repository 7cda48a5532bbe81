import type { Instant } from '@imcore/protocol';
import { asError } from '../errors.js';
import type { UndeliveredReason } from '../events.js';
import type { Bridge } from '../ports/bridge.js';
import { OUTBOX_ID, type QueueLimit, type StoreId } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../scheduling/deadline-queue.js';
import { BridgeSlips, slipOf } from './bridge-slips.js';
import type { CourierParts } from './courier-parts.js';
import type { Delivery } from './delivery.js';
import { type Replays, STORE_RETRY_MS } from './replays.js';
import type { StoreSide } from './store-side.js';
import type { StoreWriter } from './store-writer.js';
import { tellDisplaced, tellFull } from './told-limits.js';

/** What an outbox asks of the hand-over. */
export interface OutboxTarget {
  publish(delivery: Delivery): void;
  /** Neither the broker nor the store has the message. */
  undeliverable(delivery: Delivery, reason: UndeliveredReason): void;
}

/**
 * The messages in the store that belong to the bridge.
 *
 * Each lies in its receiver's own mailbox, so that a receiver who comes online here gets it like any other; a slip
 * in a mailbox of the outbox's own says that it is there. When the broker is back the slips are worked off, oldest
 * first, and until the last one is, new messages queue behind.
 *
 * - `behind`: there are slips, or there may be: new messages go to the store.
 * - `closing`: all that is written is published: new messages stand in line for an instant, so that the end is
 *   reached although messages keep coming.
 * - `caught-up`: new messages are published at once.
 */
export class BridgeOutbox implements RingEntry {
  readonly #parts: CourierParts;
  readonly #writer: StoreWriter;
  readonly #replays: Replays;
  readonly #target: OutboxTarget;
  readonly #bridgeSlips: BridgeSlips;
  readonly #retrying: DeadlineRing;
  #state: 'behind' | 'closing' | 'caught-up' = 'behind';
  #isJoined = false;
  #isStopped = false;
  #work: 'none' | 'under-way' | 'under-way-and-more' = 'none';
  /** Messages that are being written. */
  #putting = 0;
  #line: Delivery[] = [];
  /** Published, with an answer to come. */
  readonly #atBroker = new Set<Delivery>();
  /** The slips of those that were written meanwhile. */
  readonly #slips = new Map<Delivery, StoreId>();

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(parts: CourierParts, bridge: Bridge, storeSide: StoreSide, target: OutboxTarget) {
    this.#parts = parts;
    this.#writer = storeSide.writer;
    this.#replays = storeSide.replays;
    this.#target = target;
    this.#bridgeSlips = new BridgeSlips(parts, bridge, storeSide);
    this.#retrying = parts.deadlines.ring<BridgeOutbox>(STORE_RETRY_MS, (outbox) => outbox.#wake());
  }

  bridgeIs(state: 'joined' | 'away'): void {
    this.#isJoined = state === 'joined';
    this.#retrying.stop(this);
    if (this.#isJoined) this.#wake();
    else this.#fallBehind();
  }

  /** Writes what is with the broker, and what stands in line, as if it had taken too long. */
  secure(): void {
    for (const delivery of this.#atBroker) if (delivery.custody === 'memory') this.put(delivery);
    this.#fallBehind();
  }

  stop(): void {
    this.#isStopped = true;
    this.#retrying.stop(this);
  }

  /** Publishes a message, or keeps it in its place behind the others. */
  send(delivery: Delivery): 'published' | 'in-line' | 'put' {
    if (this.#state === 'caught-up') {
      this.#target.publish(delivery);
      return 'published';
    }
    if (this.#state === 'closing') {
      this.#line.push(delivery);
      return 'in-line';
    }
    this.put(delivery);
    return 'put';
  }

  publishing(delivery: Delivery): void {
    this.#atBroker.add(delivery);
  }

  /** Writes a message and its slip; its sender is acknowledged when both are safe. */
  put(delivery: Delivery): void {
    const { to, from, body, fingerprint } = delivery;
    if (fingerprint === undefined) return;
    if (this.#line.includes(delivery)) {
      this.#fallBehind();
      return;
    }
    delivery.custody = 'storing';
    this.#putting += 1;
    const acceptedAt = this.#parts.clock.wallTime();
    this.#writer.append({ to, from, body, fingerprint, acceptedAt }, (result) => {
      if (result === undefined || result.outcome === 'full') this.#notPut(delivery, result?.limit);
      else {
        if (result.outcome === 'stored') tellDisplaced(this.#parts, result.displaced ?? []);
        this.#half(delivery, result.id, acceptedAt);
      }
    });
  }

  /** The broker has confirmed: what the store holds of the message goes. */
  published(delivery: Delivery): void {
    this.#atBroker.delete(delivery);
    this.#forget(delivery);
    this.#wake();
  }

  /** The broker has not got it, or nobody knows: it follows out of the store. */
  notPublished(delivery: Delivery): void {
    this.#atBroker.delete(delivery);
    this.#slips.delete(delivery);
    this.#fallBehind();
    if (delivery.storeId !== undefined) {
      this.#bridgeSlips.giveBack(delivery.to, delivery.storeId);
    }
    if (delivery.custody === 'memory') this.put(delivery);
    this.#tryLater();
  }

  /** The message is written, its slip is not. Without an id it was delivered long ago. */
  #half(delivery: Delivery, id: StoreId | undefined, acceptedAt: number): void {
    delivery.storeId = id;
    if (id === undefined || delivery.custody === 'received') {
      this.#put(delivery);
      return;
    }
    if (this.#atBroker.has(delivery)) this.#writer.hold(delivery.to, id);
    // Its receiver may be here by now, and what is new may not be written before it.
    this.#replays.of(delivery.to)?.wake();
    this.#writer.append(slipOf(delivery, id, acceptedAt), (slip) => {
      if (slip === undefined || slip.outcome === 'full') this.#notPut(delivery, slip?.limit);
      else this.#put(delivery, slip.id);
    });
  }

  #put(delivery: Delivery, slip?: StoreId): void {
    this.#putting -= 1;
    if (slip !== undefined && (delivery.custody === 'received' || this.#atBroker.has(delivery)))
      this.#slips.set(delivery, slip);
    if (delivery.custody === 'received') this.#forget(delivery);
    else {
      const { metrics, clock, events } = this.#parts;
      metrics.messagesStored += 1;
      delivery.custody = 'stored';
      delivery.origin.responsible(delivery, 'stored', clock.now());
      if (events.has('stored')) events.emit('stored', delivery.message);
      this.#replays.of(delivery.to)?.wake();
    }
    this.#wake();
  }

  #notPut(delivery: Delivery, limit: QueueLimit | undefined): void {
    this.#putting -= 1;
    if (limit !== undefined) tellFull(this.#parts, delivery, limit);
    if (this.#atBroker.has(delivery)) delivery.custody = 'memory';
    else if (delivery.custody === 'received') this.#forget(delivery);
    else this.#target.undeliverable(delivery, limit === undefined ? 'store' : 'queue-full');
    this.#wake();
  }

  #forget(delivery: Delivery): void {
    const slip = this.#slips.get(delivery);
    this.#slips.delete(delivery);
    if (delivery.storeId === undefined) return;
    this.#writer.confirm(delivery.to, delivery.storeId);
    if (slip !== undefined) this.#writer.confirm(OUTBOX_ID, slip);
    this.#writer.release(delivery.to, delivery.storeId);
  }

  #fallBehind(): void {
    this.#state = 'behind';
    const line = this.#line;
    this.#line = [];
    for (const delivery of line) {
      delivery.ring?.stop(delivery);
      this.put(delivery);
    }
  }

  /** Something has changed: there may be slips to work off, unless the next try has its time. */
  #wake(): void {
    if (this.#state === 'caught-up' || !this.#isJoined || this.#isStopped || this.ring !== undefined) return;
    if (this.#work !== 'none') {
      this.#work = 'under-way-and-more';
      return;
    }
    this.#work = 'under-way';
    void this.#bridgeSlips
      .workOff(() => this.#isJoined && !this.#isStopped)
      .then(
        (answer) => this.#worked(answer),
        (error: unknown) => {
          this.#parts.metrics.storeFailures += 1;
          this.#parts.events.emit('error', asError(error));
          this.#worked('failed');
        },
      );
  }

  #worked(answer: 'done' | 'failed' | 'busy'): void {
    const isMore = this.#work === 'under-way-and-more';
    this.#work = 'none';
    if (answer === 'failed') {
      this.#tryLater();
      return;
    }
    if (answer === 'done' && this.#isJoined) this.#state = 'closing';
    if (isMore) this.#wake();
    else if (answer === 'done' && this.#state === 'closing' && this.#putting === 0) this.#catchUp();
  }

  /** The broker, or the store, does not do what it is asked. */
  #tryLater(): void {
    this.#fallBehind();
    if (this.#isJoined && !this.#isStopped) this.#retrying.start(this, this.#parts.clock.now());
  }

  #catchUp(): void {
    this.#state = 'caught-up';
    const line = this.#line;
    this.#line = [];
    for (const delivery of line) this.#target.publish(delivery);
  }
}
