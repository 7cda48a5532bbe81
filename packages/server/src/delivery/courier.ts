import { type BinaryString, type Instant, SERVER_ID } from '@imcore/protocol';
import { asError } from '../errors.js';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import type { DeadlineRing } from '../scheduling/deadline-queue.js';
import type { LiveSession } from '../sessions/live-session.js';
import type { User } from '../sessions/user.js';
import { BridgeHandOver } from './bridge-hand-over.js';
import type { CourierParts } from './courier-parts.js';
import type { Delivery } from './delivery.js';
import { LastResort } from './last-resort.js';
import { takeBack } from './mailbox.js';
import { REPLAY_WINDOW } from './replay.js';
import { Replays, STORE_RETRY_MS } from './replays.js';
import { StoreKeeper } from './store-keeper.js';
import type { StoreSide } from './store-side.js';
import { StoreWriter } from './store-writer.js';
import { tellTooLarge } from './too-large.js';

/** How often the store is told what receivers have, at most, in milliseconds: each time may be a write to the disk. */
const CONFIRM_EVERY_MS = 25;

/**
 * Brings messages to users, and hands each to somebody who is responsible: the receiver, the store, the bridge or
 * the application. Until then the sender is not acknowledged, so that its retransmission is the retry.
 *
 * @see docs/adr/0002-acknowledge-after-taking-responsibility.md
 */
export class Courier {
  readonly #parts: CourierParts;
  readonly #writer: StoreWriter | undefined;
  readonly #keeper: StoreKeeper | undefined;
  readonly #storing: DeadlineRing | undefined;
  readonly #retrying: DeadlineRing;
  readonly #replays: Replays | undefined;
  readonly #lastResort: LastResort;
  readonly #handOver: BridgeHandOver | undefined;
  #isStopped = false;

  constructor(parts: CourierParts) {
    this.#parts = parts;
    this.#lastResort = new LastResort(parts);
    const { store, deadlines, events, metrics } = parts;
    this.#retrying = deadlines.ring<Delivery>(parts.retry.waitMs, (delivery) => this.#retry(delivery));
    if (store === undefined) {
      this.#handOver = this.#createHandOver(undefined);
      return;
    }
    this.#storing = deadlines.ring<Delivery>(parts.storeAfterMs, (delivery) => this.#overdue(delivery));
    this.#writer = new StoreWriter(store, (error) => {
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
    });
    const rest = deadlines.ring<StoreWriter>(CONFIRM_EVERY_MS, (writer) => writer.goOn());
    const longRest = deadlines.ring<StoreWriter>(STORE_RETRY_MS, (writer) => writer.goOn());
    this.#writer.onRest((writer, after) =>
      (after === 'success' ? rest : longRest).start(writer, parts.clock.now()),
    );
    this.#replays = new Replays(parts, store, this.#writer, this.#retrying, (user) => this.#letIn(user));
    this.#keeper = new StoreKeeper(parts, this.#writer, this.#replays, this.#lastResort);
    this.#handOver = this.#createHandOver({ store, writer: this.#writer, replays: this.#replays });
  }

  /** The bridge's broker takes messages, or does so no longer. */
  bridgeIs(state: 'joined' | 'away'): void {
    this.#handOver?.bridgeIs(state);
  }

  /** Takes a message for a user, who may be unknown here. Calls its origin once somebody is responsible, or nobody. */
  deliver(delivery: Delivery, receiver: User | undefined, now: Instant): void {
    const session = receiver?.mailbox.session;
    if (this.#isStopped) this.#lastResort.drop(delivery, 'offline');
    else if (receiver === undefined || session === undefined) this.#sendAway(delivery);
    else if (delivery.body.length > session.maxSendBytes) this.#refuseTooLarge(delivery, receiver, session);
    else if (session.isStuck(now)) this.#keepBehind(delivery, receiver, 'slow-receiver');
    else if (receiver.mailbox.isReplaying && delivery.fingerprint !== undefined)
      this.#queue(delivery, receiver, now);
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
    if (custody === 'storing') this.#writer?.received(delivery);
    const isAwaited = custody === 'storing' && this.#keeper?.keepsHistory === true;
    if (custody !== 'stored' && !isAwaited) delivery.origin.responsible(delivery, 'received', now, frame);
    else if (delivery.storeId !== undefined) this.#writer?.confirm(receiver.id, delivery.storeId);
    if (receiver.mailbox.isReplaying) receiver.mailbox.replay?.goOn();
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

  /** The store may have more for a user than it had, and nobody was told. */
  lookAgain(userId: string): void {
    this.#replays?.of(userId)?.look();
  }

  /** A user's session has ended: what it had not acknowledged goes into other hands, in order. */
  detach(user: User): void {
    const { mailbox } = user;
    mailbox.session = undefined;
    this.#replays?.end(user);
    for (const delivery of mailbox.drain()) {
      delivery.ring?.stop(delivery);
      this.#parts.metrics.messagesInFlight -= 1;
      if (delivery.custody === 'stored') this.#keeper?.leftBehind(delivery);
      else if (delivery.custody !== 'storing') this.#keepOrGiveUp(delivery);
    }
    for (const delivery of mailbox.leaveLine()) this.#keepOrGiveUp(delivery);
  }

  /** Gives the store what is under way as well, so that its senders can be acknowledged before their sessions end. */
  async secure(): Promise<void> {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    for (const { mailbox } of this.#parts.directory.online()) {
      for (const delivery of mailbox.values()) {
        if (delivery.custody === 'memory' || delivery.custody === 'refused') keeper.keep(delivery);
      }
      keeper.keepAll(mailbox);
    }
    this.#handOver?.secure();
    await this.#writer?.idle();
  }

  /** From now on messages are dropped: those that a slow hook lets pass when the server has closed. */
  stop(): void {
    this.#isStopped = true;
    this.#handOver?.stop();
  }

  /** Resolves when the store has answered for everything it was handed, and the application was told what waits. */
  settled(): Promise<void> {
    return this.#keeper?.settled() ?? Promise.resolve();
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
      if (this.#keeper === undefined) this.#lastResort.drop(delivery, 'not-acknowledged');
      else this.#keeper.keepBehind(delivery, receiver.mailbox);
      return;
    }
    this.#parts.metrics.messagesInFlight += 1;
    delivery.attempts = 1;
    if (this.#keeper?.keepsHistory === true) {
      this.#retrying.start(delivery, now);
      this.#keeper.keep(delivery);
    } else (this.#storing ?? this.#retrying).start(delivery, now);
    if (!session.send(delivery.body)) delivery.origin.waitFor(session);
  }

  /** Another session has taken the place of the one that a message was written to. */
  #moveTo(session: LiveSession, delivery: Delivery, receiver: User, now: Instant): void {
    if (delivery.body.length <= session.maxSendBytes) {
      this.#writeAgain(delivery, session, now);
      return;
    }
    takeBack(delivery, this.#parts.metrics);
    this.#refuseTooLarge(delivery, receiver, session);
  }

  #writeAgain(delivery: Delivery, session: LiveSession, now: Instant): void {
    this.#parts.metrics.retransmissions += 1;
    delivery.attempts += 1;
    this.#retrying.start(delivery, now);
    session.send(delivery.body);
  }

  /** The receiver has taken too long: the store takes over, while the receiver still may acknowledge. */
  #overdue(delivery: Delivery): void {
    if (delivery.mailbox === undefined) {
      // It stands in line yet.
      const receiver = this.#parts.directory.find(delivery.to);
      if (receiver !== undefined) this.#keeper?.keepAll(receiver.mailbox);
      return;
    }
    this.#retrying.start(delivery, this.#parts.clock.now());
    if (delivery.custody === 'memory') this.#keeper?.keep(delivery);
  }

  /** Without a store a message is given up after the last copy; a stored one is written again as long as it waits. */
  #retry(delivery: Delivery): void {
    const { mailbox, custody, attempts } = delivery;
    const session = mailbox?.session;
    if (mailbox === undefined || session === undefined) return;
    const { retry, clock } = this.#parts;
    const hadAllCopies = attempts > retry.retries;
    if (this.#keeper !== undefined) {
      if (custody === 'memory' || custody === 'refused') this.#keeper.keep(delivery);
      else if (custody === 'stored' && hadAllCopies && !mailbox.isAmongOldest(delivery, REPLAY_WINDOW)) {
        this.#keeper.leaveToReplay(delivery);
        return;
      }
    }
    if (this.#keeper === undefined && hadAllCopies) this.#giveUp(delivery);
    else this.#writeAgain(delivery, session, clock.now());
  }

  /** The receiver has taken no copy, and nobody keeps the message. */
  #giveUp(delivery: Delivery): void {
    const { metrics, events } = this.#parts;
    takeBack(delivery, this.#parts.metrics);
    metrics.abandoned += 1;
    if (events.has('lost')) events.emit('lost', { userId: delivery.to, messages: [delivery.message] });
    this.#undeliverable(delivery, 'not-acknowledged');
  }

  #refuseTooLarge(delivery: Delivery, receiver: User, session: LiveSession): void {
    // The replay tells of what it passes over.
    if (this.#keeper === undefined || delivery.fingerprint === undefined)
      tellTooLarge(this.#parts, delivery, session);
    this.#keepBehind(delivery, receiver, 'too-large');
  }

  /** Older messages come first: this one follows in the store, or stands in line when they are about to be through. */
  #queue(delivery: Delivery, receiver: User, now: Instant): void {
    if (receiver.mailbox.standInLine(delivery)) this.#storing?.start(delivery, now);
    else this.#keepBehind(delivery, receiver, 'store');
  }

  /** What stood in line is delivered: the older messages are through. */
  #letIn(user: User): void {
    for (const delivery of user.mailbox.leaveLine()) this.deliver(delivery, user, this.#parts.clock.now());
  }

  /** The session must not be written to now: the message goes to the store, behind what the session has. */
  #keepBehind(delivery: Delivery, receiver: User, reason: UndeliveredReason): void {
    if (this.#keeper !== undefined && delivery.fingerprint !== undefined)
      this.#keeper.keepBehind(delivery, receiver.mailbox);
    else this.#undeliverable(delivery, reason);
  }

  #sendAway(delivery: Delivery): void {
    if (this.#handOver !== undefined && !delivery.packet.bridge) this.#handOver.send(delivery);
    else this.#keepOrGiveUp(delivery);
  }

  /** The receiver is not here. */
  #keepOrGiveUp(delivery: Delivery): void {
    if (this.#keeper !== undefined && delivery.fingerprint !== undefined) this.#keeper.keep(delivery);
    else this.#undeliverable(delivery, 'offline');
  }

  #createHandOver(storeSide: StoreSide | undefined): BridgeHandOver | undefined {
    const { bridge } = this.#parts;
    return bridge && new BridgeHandOver(this.#parts, bridge, this.#lastResort, storeSide);
  }

  #undeliverable(delivery: Delivery, reason: UndeliveredReason): void {
    this.#lastResort.take(delivery, reason);
  }

  #responsible(delivery: Delivery, outcome: SendOutcome): void {
    delivery.custody = outcome === 'stored' ? 'stored' : 'received';
    delivery.origin.responsible(delivery, outcome, this.#parts.clock.now());
  }
}
