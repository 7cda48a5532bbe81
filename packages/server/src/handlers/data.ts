import {
  type DuplicateKey,
  encodeFrameBody,
  type Instant,
  isUserId,
  type Packet,
  type ReceivedPacket,
  SERVER_ID,
} from '@imcore/protocol';
import { typeName } from '../check-options.js';
import type { ServerCluster } from '../cluster/server-cluster.js';
import { bytesOf } from '../delivery/bytes-under-way.js';
import { Delivery } from '../delivery/delivery.js';
import type { Dispatcher } from '../delivery/dispatcher.js';
import { InvalidAnswer } from '../errors.js';
import type { HookRunner } from '../hook-runner.js';
import type { Sender, SessionInfo } from '../hooks.js';
import { toMessage } from '../message.js';
import type { Runtime } from '../runtime.js';
import type { PeerReports } from '../sessions/peer-reports.js';
import type { UnknownReceivers } from '../users/unknown-receivers.js';
import type { Device } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';
import type { Handler, HandlerSession } from './handler.js';

/** Maximum length of the code of a rejected message. */
const MAX_CODE_LENGTH = 64;

/** The metrics of the limits for messages of one sender. */
const METRIC_OF = {
  maxUnacknowledged: 'limitUnacknowledged',
  maxUnacknowledgedBytes: 'limitUnacknowledgedBytes',
  maxBytesUnderWay: 'limitBytesUnderWay',
  unknownReceiversPerHour: 'limitUnknownReceivers',
} as const;

/**
 * Type 2: handles a message of a logged-in user. Suppresses duplicates, asks `authorizeMessage`, then calls
 * `onServerMessage` or dispatches the message to the routes.
 *
 * @see docs/protocol/SPEC.md#7-data-three-directions
 */
export class DataHandler implements Handler {
  readonly allowed = 'in-own-name';
  readonly isWork = true;
  readonly #runtime: Runtime;
  readonly #users: UserRegistry;
  readonly #hooks: HookRunner;
  readonly #dispatcher: Dispatcher;
  readonly #reports: PeerReports;
  readonly #toSender: (session: SessionInfo) => Sender;
  /** Undefined without a store, which would keep what is for them. */
  readonly #unknownReceivers: UnknownReceivers | undefined;
  readonly #cluster: ServerCluster | undefined;

  constructor(
    runtime: Runtime,
    users: UserRegistry,
    hooks: HookRunner,
    dispatcher: Dispatcher,
    reports: PeerReports,
    toSender: (session: SessionInfo) => Sender,
    unknownReceivers: UnknownReceivers | undefined,
    cluster: ServerCluster | undefined,
  ) {
    this.#runtime = runtime;
    this.#users = users;
    this.#hooks = hooks;
    this.#dispatcher = dispatcher;
    this.#reports = reports;
    this.#toSender = toSender;
    this.#unknownReceivers = unknownReceivers;
    this.#cluster = cluster;
  }

  handle(session: HandlerSession, packet: ReceivedPacket, now: Instant): void {
    const { device: sender } = session;
    if (sender === undefined) return;
    const { to } = packet;
    const { metrics } = this.#runtime;
    if (to === undefined || (to !== SERVER_ID && !isUserId(to))) {
      metrics.withoutReceiver += 1;
      this.#reports.rejected(session, 'no-receiver', packet);
      return;
    }
    let key: DuplicateKey | undefined;
    if (packet.QoS && packet.fp !== undefined) {
      key = this.#begin(packet, packet.fp, to, sender, session, now);
      if (key === undefined) return;
    }
    if (!this.#hasRoom(packet, sender, session)) {
      forget(sender, key);
      return;
    }
    metrics.messagesAccepted += 1;
    if (this.#hooks.hooks.authorizeMessage !== undefined) this.#authorize(packet, to, sender, key, session);
    else this.#pass(packet, to, sender, key, session, now);
  }

  /**
   * Returns the key of a new message. Acknowledges a message again that was handled, ignores one that is being handled, and
   * returns undefined for both.
   */
  #begin(
    packet: ReceivedPacket,
    fingerprint: string,
    to: string,
    sender: Device,
    session: HandlerSession,
    now: Instant,
  ): DuplicateKey | undefined {
    const { metrics, limits, events } = this.#runtime;
    const seen = sender.user
      .duplicates(now)
      .begin(fingerprint, to, packet.contentDigest, limits.maxUnacknowledged);
    if (typeof seen === 'object') {
      if (seen.isReused) {
        metrics.fingerprintsReused += 1;
        const { userId, transport, remoteAddress } = session.info;
        events.emit('fingerprintReused', { fingerprint, to, userId, transport, remoteAddress });
      }
      return seen;
    }
    if (seen === 'too-many') {
      this.#reportLimit('maxUnacknowledged', session);
      return undefined;
    }
    metrics.messagesDuplicate += 1;
    if (seen !== 'done') return undefined;
    // The store knows where the message is in the sender's log.
    if (sender.feed !== undefined && to !== SERVER_ID) {
      if (this.#hasRoom(packet, sender, session)) this.#pass(packet, to, sender, undefined, session, now);
    } else sender.acknowledge(fingerprint, to, packet.bridge);
    return undefined;
  }

  /**
   * Whether a sender may have this message under way, too. A sender with much under way is read more slowly before it reaches
   * the limit. Each may have as many bytes as are free: all of them would be more than there are.
   */
  #hasRoom(packet: ReceivedPacket, { user }: Device, session: HandlerSession): boolean {
    const { limits, underWay } = this.#runtime;
    const bytes = user.bytesUnderWay + bytesOf(packet.body);
    const free = underWay.freeForSender;
    if (2 * bytes <= free && 2 * bytes <= limits.maxUnacknowledgedBytes) return true;
    session.slowDown();
    if (bytes <= free && bytes <= limits.maxUnacknowledgedBytes) return true;
    const isOwnLimit = bytes > limits.maxUnacknowledgedBytes;
    this.#reportLimit(isOwnLimit ? 'maxUnacknowledgedBytes' : 'maxBytesUnderWay', session);
    return false;
  }

  /** A message is dropped. */
  #reportLimit(limit: keyof typeof METRIC_OF, { info }: HandlerSession): void {
    const { metrics, limits, events } = this.#runtime;
    metrics[METRIC_OF[limit]] += 1;
    const { userId, remoteAddress } = info;
    events.emit('limited', { limit, value: limits[limit], remoteAddress, userId });
  }

  /** Asks `authorizeMessage`. Later packets of the same sender wait for the answer. */
  #authorize(
    packet: ReceivedPacket,
    to: string,
    sender: Device,
    key: DuplicateKey | undefined,
    session: HandlerSession,
  ): void {
    const { clock, metrics } = this.#runtime;
    let waitingBytes = 0;
    const wait = (bytes: number): void => {
      sender.user.addUnderWay(bytes - waitingBytes);
      waitingBytes = bytes;
    };
    const reject = (): void => {
      wait(0);
      metrics.notAuthorized += 1;
      forget(sender, key);
      this.#reports.rejected(session, 'not-authorized', packet);
    };
    const decide = (answer: unknown): void => {
      const code = rejectionOf(answer);
      if (code !== undefined) {
        reject();
        if (packet.QoS && packet.fp !== undefined) sender.reject(packet.fp, code);
        return;
      }
      wait(0);
      this.#pass(packet, to, sender, key, session, clock.now());
    };
    const question = (): unknown =>
      this.#hooks.hooks.authorizeMessage?.(toMessage(packet, sender.user.id), session.info);
    const answer = this.#hooks.ask('authorizeMessage', question, decide, reject);
    if (answer === undefined) return;
    wait(bytesOf(packet.body));
    sender.user.awaits(answer);
    session.blockFor(sender.user);
  }

  #pass(
    packet: ReceivedPacket,
    to: string,
    sender: Device,
    key: DuplicateKey | undefined,
    session: HandlerSession,
    now: Instant,
  ): void {
    if (to === SERVER_ID) {
      this.#toServer(packet, sender, key, session.info, now);
      return;
    }
    const receiver = this.#users.find(to);
    if (receiver === undefined && packet.QoS && !this.#mayWriteToUnknown(to, sender, session, now)) {
      forget(sender, key);
      return;
    }
    packet.dropExtension();
    const body = this.#bodyOf(packet, sender.user.id);
    sender.user.addUnderWay(bytesOf(body));
    const delivery = new Delivery(packet, body, sender.user.id, to, sender, this.#runtime.reportBug);
    delivery.duplicateKey = key;
    this.#dispatcher.dispatch(delivery, receiver, now);
  }

  /** A user who is not known here may be made up. The store would keep what is for it. */
  #mayWriteToUnknown(to: string, { user }: Device, session: HandlerSession, now: Instant): boolean {
    if (this.#cluster?.isElsewhere(to) === true) return true;
    if (this.#unknownReceivers?.admits(user.id, to, now) !== false) return true;
    this.#reportLimit('unknownReceiversPerHour', session);
    return false;
  }

  /** Returns the received bytes; encodes the packet again only if something in it must change. */
  #bodyOf(packet: ReceivedPacket, from: string): string {
    const { stamp } = this.#runtime;
    const qos = packet.QoS && packet.fp !== undefined;
    if (packet.from === from && stamp === undefined && qos === packet.QoS) return packet.body;
    const { type, dataContent, to, fp, typeu, bridge } = packet;
    const sm = stamp?.() ?? packet.sm;
    return encodeFrameBody({ type, dataContent, from, to, fp, QoS: qos, typeu, bridge, sm });
  }

  #toServer(
    packet: ReceivedPacket,
    sender: Device,
    key: DuplicateKey | undefined,
    info: SessionInfo,
    now: Instant,
  ): void {
    const { metrics, clock } = this.#runtime;
    metrics.messagesToServer += 1;
    if (this.#hooks.hooks.onServerMessage === undefined) {
      acknowledge(packet, sender, key, now);
      return;
    }
    const bytes = bytesOf(packet.body);
    sender.user.addUnderWay(bytes);
    const fail = (): void => {
      sender.user.addUnderWay(-bytes);
      forget(sender, key);
    };
    const accept = (): void => {
      sender.user.addUnderWay(-bytes);
      acknowledge(packet, sender, key, clock.now());
    };
    const question = (): unknown =>
      this.#hooks.hooks.onServerMessage?.(toMessage(packet, sender.user.id), this.#toSender(info));
    void this.#hooks.ask('onServerMessage', question, accept, fail);
  }
}

/**
 * Returns why `authorizeMessage` does not allow a message: a code for the client. Undefined if it is allowed.
 *
 * @throws InvalidAnswer
 */
function rejectionOf(answer: unknown): string | undefined {
  const verdict = typeof answer === 'boolean' ? { accept: answer } : answer;
  if (
    typeof verdict !== 'object' ||
    verdict === null ||
    !('accept' in verdict) ||
    typeof verdict.accept !== 'boolean'
  )
    throw new InvalidAnswer(`must return true, false or { accept, code }, got ${typeName(answer)}`);
  if (verdict.accept) return undefined;
  const code = 'code' in verdict ? verdict.code : undefined;
  if (code === undefined) return 'ERR_NOT_AUTHORIZED';
  if (typeof code === 'string' && code.length > 0 && code.length <= MAX_CODE_LENGTH) return code;
  throw new InvalidAnswer(
    `code must be a string of 1 to ${MAX_CODE_LENGTH} characters, got ${typeName(code)}`,
  );
}

/** The message was handled by the server's application. `key`: undefined without QoS. */
function acknowledge(packet: Packet, sender: Device, key: DuplicateKey | undefined, now: Instant): void {
  if (key === undefined || packet.fp === undefined) return;
  sender.user.handled(key, now);
  sender.acknowledge(packet.fp, SERVER_ID, packet.bridge);
}

/** The message was not handled: its next copy is a new message. */
function forget(sender: Device, key: DuplicateKey | undefined): void {
  if (key !== undefined) sender.user.notHandled(key);
}
