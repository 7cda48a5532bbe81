import { type BinaryString, type Instant, SERVER_ID } from '@imcore/protocol';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import type { Bridge } from '../ports/bridge.js';
import type { DeadlineRing } from '../scheduling/deadline-queue.js';
import type { LiveSession } from '../sessions/live-session.js';
import type { User } from '../sessions/user.js';
import type { CourierParts } from './courier-parts.js';
import type { Delivery } from './delivery.js';
import { LastResort } from './last-resort.js';
import { Replays, STORE_RETRY_MS } from './replays.js';
import { StoreWriter } from './store-writer.js';

/**
 * Brings messages to users, and hands each to somebody who is responsible: the receiver, the store, the bridge or
 * the application. Until then the sender is not acknowledged, so that its retransmission is the retry.
 *
 * @see docs/adr/0002-acknowledge-after-taking-responsibility.md
 */
export class Courier {
  readonly #parts: CourierParts;
  readonly #writer: StoreWriter | undefined;
  readonly #storing: DeadlineRing | undefined;
  readonly #retrying: DeadlineRing;
  readonly #replays: Replays | undefined;
  readonly #lastResort: LastResort;
  #isStopped = false;

  constructor(parts: CourierParts) {
    this.#parts = parts;
    this.#lastResort = new LastResort(parts);
    const { store, deadlines, events, metrics } = parts;
    this.#retrying = deadlines.ring<Delivery>(parts.retry.waitMs, (delivery) => this.#retry(delivery));
    if (store === undefined) return;
    this.#storing = deadlines.ring<Delivery>(parts.storeAfterMs, (delivery) => this.#overdue(delivery));
    this.#writer = new StoreWriter(store, (error) => {
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
    });
    const confirming = deadlines.ring<StoreWriter>(STORE_RETRY_MS, (writer) => writer.confirmAgain());
    this.#writer.onConfirmFailed((writer) => confirming.start(writer, parts.clock.now()));
    this.#replays = new Replays(parts, store, this.#writer, this.#retrying);
  }

  /** Takes a message for a user, who may be unknown here. Calls its origin once somebody is responsible, or nobody. */
  deliver(delivery: Delivery, receiver: User | undefined, now: Instant): void {
    const session = receiver?.mailbox.session;
    if (this.#isStopped) this.#lastResort.drop(delivery, 'offline');
    else if (receiver === undefined || session === undefined) this.#sendAway(delivery);
    else if (delivery.body.length > session.maxSendBytes) this.#refuseTooLarge(delivery, receiver);
    else if (session.isStuck(now)) this.#refuseStuck(delivery, receiver);
    else if (receiver.mailbox.isReplaying && delivery.fingerprint !== undefined)
      this.#storeBehind(delivery, receiver);
    else this.#write(delivery, receiver, session, now);
  }

  /**
   * A receiver has acknowledged. `frame` is its own packet, if the sender may be given it as it is. Returns false
   * for an acknowledgement that is late, repeated, forged or unknown.
   */
  acknowledged(
    receiver: User,
    fingerprint: string,
    from: string | undefined,
    now: Instant,
    frame?: BinaryString,
  ): boolean {
    const delivery = receiver.mailbox.take(fingerprint, from);
    if (delivery === undefined) return false;
    delivery.ring?.stop(delivery);
    const { metrics, events } = this.#parts;
    metrics.messagesInFlight -= 1;
    metrics.messagesDelivered += 1;
    if (events.has('received'))
      events.emit('received', { userId: receiver.id, from: delivery.from, fingerprint });
    if (events.has('delivered') && delivery.from !== SERVER_ID) events.emit('delivered', delivery.message);
    const { custody } = delivery;
    delivery.custody = 'received';
    if (custody !== 'stored') delivery.origin.responsible(delivery, 'received', now, frame);
    else if (delivery.storeId !== undefined) this.#writer?.confirm(receiver.id, delivery.storeId);
    if (receiver.mailbox.isReplaying) receiver.mailbox.replay?.wake();
    return true;
  }

  /** A user has come online on `session`, perhaps in place of another. */
  attach(user: User, session: LiveSession, now: Instant): void {
    const { mailbox } = user;
    if (this.#replays === undefined) {
      mailbox.session = session;
      for (const delivery of [...mailbox.values()]) this.#moveTo(session, delivery, user, now);
      return;
    }
    this.detach(user);
    mailbox.session = session;
    this.#replays.begin(user, session);
  }

  /** A user's session has ended: what it had not acknowledged goes into other hands, in order. */
  detach(user: User): void {
    const { mailbox } = user;
    mailbox.session = undefined;
    this.#replays?.end(user);
    for (const delivery of mailbox.drain()) {
      delivery.ring?.stop(delivery);
      this.#parts.metrics.messagesInFlight -= 1;
      if (delivery.custody !== 'memory') continue;
      if (this.#writer !== undefined) this.#store(delivery);
      else this.#undeliverable(delivery, 'offline');
    }
  }

  /** From now on messages are dropped: those that a slow hook lets pass when the server has closed. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when the store has answered for everything it was handed. */
  settled(): Promise<void> {
    return this.#writer?.idle() ?? Promise.resolve();
  }

  #write(delivery: Delivery, receiver: User, session: LiveSession, now: Instant): void {
    const { fingerprint } = delivery;
    if (fingerprint === undefined) {
      const hasRoom = session.send(delivery.body);
      this.#parts.metrics.messagesDelivered += 1;
      this.#responsible(delivery, 'written');
      if (this.#parts.events.has('delivered') && delivery.from !== SERVER_ID) {
        this.#parts.events.emit('delivered', delivery.message);
      }
      if (!hasRoom) delivery.origin.waitFor(session);
      return;
    }
    if (!receiver.mailbox.add(fingerprint, delivery)) {
      if (this.#writer === undefined) this.#lastResort.drop(delivery, 'not-acknowledged');
      else this.#storeBehind(delivery, receiver);
      return;
    }
    this.#parts.metrics.messagesInFlight += 1;
    delivery.attempts = 1;
    (this.#storing ?? this.#retrying).start(delivery, now);
    if (!session.send(delivery.body)) delivery.origin.waitFor(session);
  }

  /** Another session has taken the place of the one that a message was written to. */
  #moveTo(session: LiveSession, delivery: Delivery, receiver: User, now: Instant): void {
    if (delivery.body.length <= session.maxSendBytes) {
      this.#writeAgain(delivery, session, now);
      return;
    }
    this.#takeBack(delivery);
    this.#refuseTooLarge(delivery, receiver);
  }

  /** A message is no longer with its receiver. */
  #takeBack(delivery: Delivery): void {
    delivery.ring?.stop(delivery);
    if (delivery.fingerprint !== undefined) delivery.mailbox?.remove(delivery.fingerprint, delivery);
    this.#parts.metrics.messagesInFlight -= 1;
  }

  #writeAgain(delivery: Delivery, session: LiveSession, now: Instant): void {
    this.#parts.metrics.retransmissions += 1;
    delivery.attempts += 1;
    this.#retrying.start(delivery, now);
    session.send(delivery.body);
  }

  /** The receiver has taken too long: the store takes over, while the receiver still may acknowledge. */
  #overdue(delivery: Delivery): void {
    this.#retrying.start(delivery, this.#parts.clock.now());
    if (delivery.custody === 'memory') this.#store(delivery);
  }

  /** Without a store a message is given up after the last copy; a stored one is written again as long as it waits. */
  #retry(delivery: Delivery): void {
    const session = delivery.mailbox?.session;
    if (session === undefined) return;
    if (this.#writer !== undefined && delivery.custody === 'memory') this.#store(delivery);
    if (this.#writer !== undefined || delivery.attempts <= this.#parts.retry.retries) {
      this.#writeAgain(delivery, session, this.#parts.clock.now());
      return;
    }
    const { metrics, events } = this.#parts;
    this.#takeBack(delivery);
    metrics.abandoned += 1;
    if (events.has('lost')) events.emit('lost', { userId: delivery.to, messages: [delivery.message] });
    this.#undeliverable(delivery, 'not-acknowledged');
  }

  /** Its receiver takes nothing, or next to nothing: what is written to it would only wait here. */
  #refuseStuck(delivery: Delivery, receiver: User): void {
    if (this.#writer !== undefined && delivery.fingerprint !== undefined)
      this.#storeBehind(delivery, receiver);
    else this.#undeliverable(delivery, 'slow-receiver');
  }

  #refuseTooLarge(delivery: Delivery, receiver: User): void {
    this.#parts.metrics.messagesTooLarge += 1;
    if (this.#writer !== undefined && delivery.fingerprint !== undefined)
      this.#storeBehind(delivery, receiver);
    else this.#undeliverable(delivery, 'too-large');
  }

  #sendAway(delivery: Delivery): void {
    if (this.#parts.bridge !== undefined && !delivery.packet.bridge)
      void this.#sendOverBridge(this.#parts.bridge, delivery);
    else if (this.#writer !== undefined && delivery.fingerprint !== undefined) this.#store(delivery);
    else this.#undeliverable(delivery, 'offline');
  }

  async #sendOverBridge(bridge: Bridge, delivery: Delivery): Promise<void> {
    const { metrics, events } = this.#parts;
    try {
      await bridge.publish(delivery.packet);
    } catch (error) {
      metrics.bridgeFailures += 1;
      events.emit('bridgeFailed', { message: delivery.message, error: asError(error) });
      if (this.#writer !== undefined && delivery.fingerprint !== undefined) this.#store(delivery);
      else this.#undeliverable(delivery, 'offline');
      return;
    }
    metrics.messagesBridged += 1;
    this.#responsible(delivery, 'bridged');
    if (events.has('bridged')) events.emit('bridged', delivery.message);
  }

  /** What is in flight goes to the store first: the order there is the order in which messages came. */
  #storeBehind(delivery: Delivery, receiver: User): void {
    for (const earlier of receiver.mailbox.values()) if (earlier.custody === 'memory') this.#store(earlier);
    this.#store(delivery);
  }

  #store(delivery: Delivery): void {
    const writer = this.#writer;
    if (writer === undefined || delivery.fingerprint === undefined) {
      this.#undeliverable(delivery, 'store');
      return;
    }
    delivery.custody = 'storing';
    const { to, from, body, fingerprint } = delivery;
    const acceptedAt = this.#parts.clock.wallTime();
    writer.append({ to, from, body, fingerprint, acceptedAt }, (result) => {
      if (result === undefined || result.outcome === 'full') {
        this.#storeRefused(delivery);
        return;
      }
      if (delivery.custody === 'received') {
        if (result.id !== undefined) writer.confirm(to, result.id);
        return;
      }
      delivery.storeId = result.id;
      this.#parts.metrics.messagesStored += 1;
      this.#responsible(delivery, 'stored');
      delivery.custody = 'stored';
      if (this.#parts.events.has('stored')) this.#parts.events.emit('stored', delivery.message);
      if (delivery.mailbox === undefined) this.#parts.directory.find(to)?.mailbox.replay?.wake();
    });
  }

  /** A message that is with its receiver may still be acknowledged; any other is undeliverable now. */
  #storeRefused(delivery: Delivery): void {
    if (delivery.custody === 'received') return;
    if (delivery.mailbox !== undefined) {
      delivery.custody = 'memory';
      return;
    }
    this.#undeliverable(delivery, 'store');
    this.#parts.directory.find(delivery.to)?.mailbox.replay?.wake();
  }

  #undeliverable(delivery: Delivery, reason: UndeliveredReason): void {
    this.#lastResort.take(delivery, reason);
  }

  #responsible(delivery: Delivery, outcome: SendOutcome): void {
    delivery.custody = outcome === 'stored' ? 'stored' : 'received';
    delivery.origin.responsible(delivery, outcome, this.#parts.clock.now());
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
