import {
  createFingerprint,
  dataPacket,
  encodeFrameBody,
  isUserId,
  isWellFormed,
  MAX_ID_LENGTH,
  type Packet,
  SERVER_ID,
} from '@imcore/protocol';
import { typeName } from '../check-options.js';
import { DeliveryError, UsageError } from '../errors.js';
import type { Sender, SendOptions, SendOutcome, SessionInfo } from '../hooks.js';
import type { Runtime } from '../runtime.js';
import type { UserRegistry } from '../users/user-registry.js';
import { bytesOf } from './bytes-under-way.js';
import { Delivery } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import { PromiseOrigin } from './origins.js';

/** Sends messages of the server itself to users. */
export class ServerMessages {
  readonly #runtime: Runtime;
  readonly #users: UserRegistry;
  readonly #dispatcher: Dispatcher;
  /** Maximum size of a frame body on any transport. A larger message could never be delivered. */
  readonly #maxBodyBytes: number;
  #state: 'new' | 'open' | 'closed' = 'new';
  #bytesUnderWay = 0;

  constructor(runtime: Runtime, users: UserRegistry, dispatcher: Dispatcher, maxBodyBytes: number) {
    this.#runtime = runtime;
    this.#users = users;
    this.#dispatcher = dispatcher;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** The server listens. */
  open(): void {
    this.#state = 'open';
  }

  /** The server is closing: no more messages are sent. */
  close(): void {
    this.#state = 'closed';
  }

  /** Adds `send` to a session's data, for hooks that reply. */
  readonly toSender = (session: SessionInfo): Sender => ({
    ...session,
    send: (content, options) => this.send(session.userId, content, options),
  });

  /** @see ImServer.send */
  send(userId: string, content: string, options: SendOptions = {}): Promise<SendOutcome> {
    const problem = this.#check(userId, content, options);
    if (problem !== undefined) return Promise.reject(problem);
    const { random, clock, metrics, stamp, reportBug } = this.#runtime;
    const qos = options.qos ?? true;
    const fingerprint = options.fingerprint ?? (qos ? createFingerprint(random) : undefined);
    const packet: Packet = {
      ...dataPacket({ from: SERVER_ID, to: userId, content, fingerprint, type: options.type }),
      QoS: qos,
      ...(stamp === undefined ? {} : { sm: stamp() }),
    };
    const body = encodeFrameBody(packet);
    if (body.length > this.#maxBodyBytes) return Promise.reject(tooLarge(body.length, this.#maxBodyBytes));
    if (!this.#takes(bytesOf(body))) return Promise.reject(this.#busy(userId));
    const origin = new PromiseOrigin(this);
    metrics.messagesFromServer += 1;
    const delivery = new Delivery(packet, body, SERVER_ID, userId, origin, reportBug);
    this.#dispatcher.dispatch(delivery, this.#users.find(userId), clock.now());
    return origin.outcome;
  }

  /** A message has an outcome. */
  settled({ body }: Delivery): void {
    this.#addUnderWay(-bytesOf(body));
  }

  /** The server's messages may have as many bytes as are free, like those of a sender. */
  #takes(bytes: number): boolean {
    if (this.#bytesUnderWay + bytes > this.#runtime.underWay.freeForSender) return false;
    this.#addUnderWay(bytes);
    return true;
  }

  #addUnderWay(bytes: number): void {
    this.#bytesUnderWay += bytes;
    this.#runtime.underWay.addOfSender(bytes);
  }

  #busy(userId: string): DeliveryError {
    const { metrics, events, limits } = this.#runtime;
    const value = limits.maxBytesUnderWay;
    metrics.limitBytesUnderWay += 1;
    events.emit('limited', { limit: 'maxBytesUnderWay', value, remoteAddress: '', userId });
    return new DeliveryError(
      'ERR_SERVER_BUSY',
      `${this.#bytesUnderWay} bytes of the server's messages are under way, and maxBytesUnderWay (${value}) leaves no room for more`,
    );
  }

  #check(userId: string, content: unknown, { fingerprint, type }: SendOptions): Error | undefined {
    if (this.#state === 'closed')
      return new DeliveryError('ERR_SERVER_CLOSED', 'send() was called on a server that is closed');
    if (this.#state === 'new')
      return new UsageError('ERR_NOT_LISTENING', 'send() was called before listen()');
    if (!isUserId(userId))
      return invalid(
        `the user ID must be a string of 1 to ${MAX_ID_LENGTH} characters other than "0" and "-1", got ${typeName(userId)}`,
      );
    if (typeof content !== 'string') return invalid(`the content must be a string, got ${typeName(content)}`);
    if (fingerprint !== undefined && (fingerprint.length === 0 || fingerprint.length > MAX_ID_LENGTH))
      return invalid(`the fingerprint must have 1 to ${MAX_ID_LENGTH} characters, got ${fingerprint.length}`);
    if (fingerprint !== undefined && !isWellFormed(fingerprint))
      return invalid('the fingerprint must be valid Unicode, got a lone surrogate');
    if (type !== undefined && (type | 0) !== type)
      return invalid(`type must be a whole number of 32 bits, got ${typeName(type)}`);
    return undefined;
  }
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_ARGUMENT', message);
}

function tooLarge(bytes: number, max: number): DeliveryError {
  return new DeliveryError(
    'ERR_TOO_LARGE',
    `the packet has ${bytes} bytes, the transports carry at most ${max}`,
  );
}
