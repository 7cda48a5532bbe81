import type { Clock, Scheduled } from '@imcore/protocol';
import type { ClusterHost } from './cluster.js';

/** A connection to a bus. It calls its {@link BusConnectionHost}, and is never used again after `onEnd`. */
export interface BusConnection {
  /** Closes it. `onEnd` is not called afterwards. */
  close(): Promise<void>;
}

/** What a connection reports. */
export interface BusConnectionHost {
  /** Frames travel. */
  onUp(): void;
  onFrame(frame: Uint8Array): void;
  /** It could not be opened, or is lost. */
  onEnd(cause: unknown): void;
}

/** How connections are opened. */
export interface BusConnectionsOptions<Connection> {
  readonly clock: Clock;
  /** Begins to open a connection. */
  open(host: BusConnectionHost): Connection | undefined;
  /** How long to wait before the next one, in milliseconds, after one that was up, or was not. */
  waitMs(wasUp: boolean): number;
  /** The error for {@link ClusterHost.away}. */
  toError(cause: unknown): Error;
}

/** The state of a cluster that has one connection to its bus at a time and opens a new one when it is lost. */
export class BusConnections<Connection extends BusConnection> {
  readonly #options: BusConnectionsOptions<Connection>;
  #host: ClusterHost | undefined = undefined;
  #connection: Connection | undefined = undefined;
  #retry: Scheduled | undefined = undefined;
  #state: 'new' | 'joined' | 'away' | 'closed' = 'new';
  #closing: Promise<void> | undefined = undefined;

  constructor(options: BusConnectionsOptions<Connection>) {
    this.#options = options;
  }

  /** The connection over which frames travel; undefined while there is none. */
  get joined(): Connection | undefined {
    return this.#state === 'joined' ? this.#connection : undefined;
  }

  start(host: ClusterHost): Promise<void> {
    // A server may be closed while it starts: nobody would close a connection that is opened then.
    if (this.#state === 'closed' || this.#host !== undefined) return Promise.resolve();
    this.#host = host;
    this.#open();
    return Promise.resolve();
  }

  /** A second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    this.#host = undefined;
    this.#retry?.cancel();
    await this.#connection?.close();
  }

  #open(): void {
    this.#connection = this.#options.open({
      onUp: () => {
        this.#state = 'joined';
        this.#host?.joined();
      },
      onFrame: (frame) => this.#host?.receive(frame),
      onEnd: (cause) => this.#ended(cause),
    });
  }

  #ended(cause: unknown): void {
    const { clock, waitMs, toError } = this.#options;
    const before = this.#state;
    this.#state = 'away';
    this.#connection = undefined;
    this.#retry = clock.schedule(clock.now() + waitMs(before === 'joined'), () => this.#open());
    if (before !== 'away') this.#host?.away(toError(cause));
  }
}
