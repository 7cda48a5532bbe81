import {
  type Clock,
  createFingerprint,
  dataPacket,
  type Emitter,
  encodeFrameBody,
  isUserId,
  KickOutCode,
  MAX_ID_LENGTH,
  type Packet,
  type Random,
  SERVER_ID,
  type Unsubscribe,
} from '@imcore/protocol';
import type { Archive, DeadLetters, HistoryOptions } from './delivery/archive.js';
import type { BridgeIntake } from './delivery/bridge-intake.js';
import type { Courier } from './delivery/courier.js';
import { Delivery } from './delivery/delivery.js';
import type { Expiry } from './delivery/expiry.js';
import { PromiseOrigin } from './delivery/promise-origin.js';
import { asError, DeliveryError, UsageError } from './errors.js';
import type { ServerEvents } from './events.js';
import type { SendOptions, SendOutcome, SessionInfo } from './hooks.js';
import type { KeptMessage } from './message.js';
import type { ServerMetrics } from './metrics.js';
import type { Bridge } from './ports/bridge.js';
import type { Logger } from './ports/logger.js';
import type { MessageStore } from './ports/message-store.js';
import type { DeadlineQueue } from './scheduling/deadline-queue.js';
import type { Directory } from './sessions/directory.js';
import type { Reception } from './sessions/reception.js';
import type { ServerTransport, TransportAddress } from './transports/transport.js';

export interface ServerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly deadlines: DeadlineQueue;
  readonly metrics: ServerMetrics;
  readonly events: Emitter<ServerEvents>;
  readonly transports: readonly ServerTransport[];
  readonly reception: Reception;
  readonly directory: Directory;
  readonly courier: Courier;
  readonly store: MessageStore | undefined;
  readonly expiry: Expiry | undefined;
  readonly archive: Archive;
  readonly bridge: Bridge | undefined;
  readonly intake: BridgeIntake;
  readonly stamp: (() => number) | undefined;
  readonly logger: Logger;
}

/** How `close` lets go. */
export interface CloseOptions {
  /** How long messages that are with their receivers may still be acknowledged, in milliseconds. Default 1000. */
  readonly drainMs?: number | undefined;
}

/** How a user is kicked out. */
export interface KickOptions {
  /** What the client is told: 1 duplicate login, 2 an administrator, others as client and application agree. Default 2. */
  readonly code?: number | undefined;
  /** Text for the client. Default none. */
  readonly reason?: string | undefined;
}

/**
 * An instant-messaging server: users log in on its transports and exchange messages with each other and with it.
 *
 * Made by `createServer`. Any number of servers can run in one process.
 */
export class ImServer {
  readonly #parts: ServerParts;
  #state: 'new' | 'listening' | 'closing' | 'closed' = 'new';
  #closing: Promise<void> | undefined = undefined;
  /** Largest body that anybody can be sent: what is larger could only wait for ever. */
  readonly #maxBodyBytes: number;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    const { bridge, transports } = parts;
    this.#maxBodyBytes = bridge
      ? Number.POSITIVE_INFINITY
      : Math.max(...transports.map(({ maxSendBytes }) => maxSendBytes));
  }

  /** Number of users that are online here. */
  get onlineCount(): number {
    return this.#parts.metrics.usersOnline;
  }

  /**
   * Opens all transports. Resolves with where they listen, in the order of the option; when one cannot, the others are
   * closed again.
   *
   * @throws UsageError `ERR_ALREADY_LISTENING` on a second call.
   */
  async listen(): Promise<readonly TransportAddress[]> {
    if (this.#state !== 'new')
      throw new UsageError('ERR_ALREADY_LISTENING', `listen() was called on a server that is ${this.#state}`);
    this.#state = 'listening';
    const { transports, reception, bridge, intake, store, expiry, logger } = this.#parts;
    try {
      const addresses: TransportAddress[] = [];
      for (const transport of transports) addresses.push(await transport.listen(reception));
      await bridge?.start(intake);
      expiry?.start();
      if (store?.durable === false) logger.warn({}, 'messages are kept in memory only');
      return addresses;
    } catch (error) {
      await this.close({ drainMs: 0 });
      throw error;
    }
  }

  /**
   * Sends a message to a user.
   *
   * Resolves when somebody else is responsible for it: see {@link SendOutcome}.
   *
   * @throws UsageError `ERR_INVALID_ARGUMENT`, `ERR_NOT_LISTENING`
   * @throws DeliveryError `ERR_UNDELIVERABLE` when the user is not online and nobody stores, `ERR_NOT_ACKNOWLEDGED`
   *   after the last copy, `ERR_TOO_LARGE`, `ERR_SERVER_CLOSED`.
   */
  send(userId: string, content: string, options: SendOptions = {}): Promise<SendOutcome> {
    const problem = this.#checkSend(userId, content, options);
    if (problem !== undefined) return Promise.reject(problem);
    const { random, clock, courier, directory, metrics, stamp } = this.#parts;
    const qos = options.qos ?? true;
    const fingerprint = options.fingerprint ?? (qos ? createFingerprint(random) : undefined);
    const packet: Packet = {
      ...dataPacket({ from: SERVER_ID, to: userId, content, fingerprint, type: options.type }),
      QoS: qos,
      ...(stamp === undefined ? {} : { sm: stamp() }),
    };
    const body = encodeFrameBody(packet);
    if (body.length > this.#maxBodyBytes) return Promise.reject(tooLarge(body.length, this.#maxBodyBytes));
    const origin = new PromiseOrigin(false);
    metrics.messagesFromServer += 1;
    const delivery = new Delivery(packet, body, SERVER_ID, userId, origin);
    courier.deliver(delivery, directory.find(userId), clock.now());
    return origin.outcome;
  }

  /** Ends a user's session with a kick-out. Returns false when the user is not online. */
  kick(userId: string, options: KickOptions = {}): boolean {
    const session = this.#parts.directory.find(userId)?.mailbox.session;
    session?.kick(options.code ?? KickOutCode.Administrator, options.reason);
    return session !== undefined;
  }

  isOnline(userId: string): boolean {
    return this.#parts.directory.find(userId)?.mailbox.session !== undefined;
  }

  /** Everyone who is online here, in no particular order. A copy: with many users, prefer {@link onlineCount}. */
  onlineUsers(): SessionInfo[] {
    const users: SessionInfo[] = [];
    for (const { mailbox } of this.#parts.directory.online())
      if (mailbox.session) users.push(mailbox.session.info);
    return users;
  }

  on<Name extends keyof ServerEvents>(
    name: Name,
    listener: (event: ServerEvents[Name]) => void,
  ): Unsubscribe {
    return this.#parts.events.on(name, listener);
  }

  off<Name extends keyof ServerEvents>(name: Name, listener: (event: ServerEvents[Name]) => void): void {
    this.#parts.events.off(name, listener);
  }

  /** Messages that were acknowledged and given up: those that waited too long, or had to make room. */
  get deadLetters(): DeadLetters {
    return this.#parts.archive;
  }

  /**
   * What two users wrote to each other, newest first: what has been received, while the store keeps it, and what waits.
   *
   * @throws UsageError `ERR_NO_STORE`, `ERR_NO_HISTORY` where the store has no `historyMs`, `ERR_INVALID_ARGUMENT`
   */
  history(options: HistoryOptions): Promise<readonly KeptMessage[]> {
    return this.#parts.archive.history(options);
  }

  /** Everything that is counted, at this moment. */
  metrics(): Readonly<Record<string, number>> {
    return this.#parts.metrics.snapshot();
  }

  /**
   * Stops: takes no new peers and messages, waits for acknowledgements that are due, hands what is left to the
   * store or reports it, and ends every connection. A second call waits for the end of the first.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 1000);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    this.#state = 'closing';
    const { transports, reception, courier, deadlines, store, bridge, intake, expiry } = this.#parts;
    intake.stop();
    for (const transport of transports) transport.stopAccepting();
    await this.#drain(drainMs);
    await courier.secure();
    reception.endAll();
    await courier.settled();
    await Promise.all(transports.map((transport) => this.#closePart(transport)));
    await this.#closePart(bridge);
    courier.stop();
    await courier.settled();
    await expiry?.stop();
    await this.#closePart(store);
    deadlines.close();
    this.#state = 'closed';
  }

  /** A part that cannot be closed does not keep the others open. */
  async #closePart(part: { close(): Promise<void> } | undefined): Promise<void> {
    try {
      await part?.close();
    } catch (error) {
      this.#parts.events.emit('error', asError(error));
    }
  }

  /** Resolves when nothing waits for an acknowledgement any more, after `drainMs` at the latest. */
  async #drain(drainMs: number): Promise<void> {
    const { clock, metrics } = this.#parts;
    const until = clock.now() + drainMs;
    this.#parts.reception.stopTaking();
    while (metrics.messagesInFlight + metrics.bridgePending > 0 && clock.now() < until) {
      await new Promise<void>((resolve) => clock.schedule(Math.min(until, clock.now() + 10), resolve));
    }
  }

  #checkSend(userId: string, content: unknown, options: SendOptions): Error | undefined {
    if (this.#state === 'closed' || this.#state === 'closing') {
      return new DeliveryError('ERR_SERVER_CLOSED', 'send() was called on a server that is closed');
    }
    if (this.#state === 'new')
      return new UsageError('ERR_NOT_LISTENING', 'send() was called before listen()');
    if (!isUserId(userId)) {
      return new UsageError(
        'ERR_INVALID_ARGUMENT',
        `${JSON.stringify(userId)} is not a user id: 1 to 256 characters, not "0" or "-1"`,
      );
    }
    if (typeof content !== 'string') {
      return new UsageError('ERR_INVALID_ARGUMENT', `the content is of type ${typeof content}, not a string`);
    }
    const { fingerprint } = options;
    if (fingerprint !== undefined && (fingerprint.length === 0 || fingerprint.length > MAX_ID_LENGTH)) {
      return new UsageError(
        'ERR_INVALID_ARGUMENT',
        `the fingerprint has ${fingerprint.length} characters, allowed are 1 to ${MAX_ID_LENGTH}`,
      );
    }
    if (options.type !== undefined && (options.type | 0) !== options.type) {
      return new UsageError(
        'ERR_INVALID_ARGUMENT',
        `type is ${options.type}, allowed are whole numbers of 32 bits`,
      );
    }
    return undefined;
  }
}

function tooLarge(bytes: number, max: number): DeliveryError {
  return new DeliveryError(
    'ERR_TOO_LARGE',
    `the packet has ${bytes} bytes, the transports carry ${max} at most`,
  );
}
