import { type Channel, Connection } from 'rabbitmq-client';
import { BridgeError } from './bridge-error.js';
import type { Settings } from './options.js';

/** What a link is for. */
interface LinkUser {
  /** Prepares a fresh link. When it rejects, the link is broken, and another try follows. */
  prepare(connection: Connection, channel: Channel): Promise<void>;
  /** It is prepared. `link` numbers it. */
  onUp(channel: Channel, link: number): void;
  /** It is broken, or could not be opened; called for each try. The next one follows by itself. */
  onDown(error: Error): void;
}

/** How long an orderly close may take, in milliseconds. */
const CLOSE_MS = 2000;

/**
 * The longest frame, in bytes: the minimum that every broker takes. The library ignores that a broker allows less than
 * this, so that each message between the two figures would break the link, and again the next one.
 */
const MAX_FRAME_BYTES = 4096;

/**
 * One connection to the broker with one channel, opened again whenever anything about it fails.
 *
 * The library's own reconnecting is not used: every failure ends the connection, and the next try, after a wait that
 * doubles each time and has jitter, starts from nothing.
 */
export class Link {
  readonly #settings: Settings;
  readonly #name: string;
  readonly #user: LinkUser;
  #connection: Connection | undefined = undefined;
  #channel: Channel | undefined = undefined;
  #retry: { cancel(): void } | undefined = undefined;
  #number = 0;
  /** Tries since the last link that lasted. */
  #failures = 0;
  #upAt = 0;
  #state: 'down' | 'up' | 'closed' = 'down';

  constructor(settings: Settings, name: string, user: LinkUser) {
    this.#settings = settings;
    this.#name = name;
    this.#user = user;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  open(): void {
    this.#retry = undefined;
    const number = ++this.#number;
    const connection = new Connection(this.#connectionOptions());
    this.#connection = connection;
    connection.on('error', (error: unknown) => this.#broken(number, error));
    connection.on('connection', () => {
      void this.#prepare(connection, number).catch((error: unknown) => this.#broken(number, error));
    });
  }

  /** The user has found that this link does not work. */
  fail(error: unknown): void {
    this.#broken(this.#number, error);
  }

  /** Closes it in order: what was written is sent. */
  async close(): Promise<void> {
    this.#retry?.cancel();
    const [connection, channel, wasUp] = [this.#connection, this.#channel, this.isUp];
    this.#state = 'closed';
    this.#number += 1;
    if (connection === undefined) return;
    if (wasUp) {
      const ended = channel?.close().then(() => connection.close());
      let timer: { cancel(): void } | undefined;
      const { clock } = this.#settings;
      const late = new Promise<void>((resolve) => {
        timer = clock.schedule(clock.now() + CLOSE_MS, resolve);
      });
      await Promise.race([ended?.catch(() => {}), late]);
      timer?.cancel();
    }
    connection.unsafeDestroy();
  }

  async #prepare(connection: Connection, number: number): Promise<void> {
    const channel = await connection.acquire({ emitErrorsFromChannel: true });
    channel.on('error', (error: unknown) => this.#broken(number, error));
    // The reason, where there is one, is reported right after.
    channel.on('close', () => {
      setImmediate(() => this.#broken(number, new Error('the broker has closed the channel')));
    });
    channel.on('basic.cancel', (_tag: string, error: unknown) => this.#broken(number, error));
    await this.#user.prepare(connection, channel);
    if (number !== this.#number) return;
    this.#channel = channel;
    this.#state = 'up';
    this.#upAt = this.#settings.clock.now();
    this.#user.onUp(channel, number);
  }

  #broken(number: number, cause: unknown): void {
    if (number !== this.#number || this.#state === 'closed') return;
    const { clock, random, minBackoffMs, maxBackoffMs } = this.#settings;
    // A link that breaks as soon as it is used counts as a failed try.
    if (this.isUp && clock.now() - this.#upAt >= maxBackoffMs) this.#failures = 0;
    this.#number += 1;
    this.#state = 'down';
    this.#connection?.unsafeDestroy();
    this.#connection = undefined;
    this.#channel = undefined;
    const wait = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    this.#retry = clock.schedule(clock.now() + wait * (0.5 + random() / 2), () => this.open());
    this.#user.onDown(toBridgeError(cause));
  }

  #connectionOptions(): ConstructorParameters<typeof Connection>[0] {
    const { address, tls, connectTimeoutMs, heartbeatSeconds } = this.#settings;
    const { isSecure, ...where } = address;
    return {
      ...where,
      ...(isSecure ? { tls: { ...tls } } : {}),
      connectionName: this.#name,
      connectionTimeout: connectTimeoutMs,
      acquireTimeout: connectTimeoutMs,
      heartbeat: heartbeatSeconds,
      noDelay: true,
      frameMax: MAX_FRAME_BYTES,
    };
  }
}

function toBridgeError(cause: unknown): BridgeError {
  if (cause instanceof BridgeError) return cause;
  const text =
    cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
  const known = text.replace(/^undefined: /, '');
  return new BridgeError('ERR_BRIDGE_AWAY', `the broker cannot be reached: ${known}`, { cause });
}
