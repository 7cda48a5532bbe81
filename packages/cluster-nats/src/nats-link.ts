import { type BusConnectionHost, ClusterError, clusterAddress, nodeAddress } from '@imcore/server/ports';
import { connect, credsAuthenticator, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { Greeting } from './greeting.js';
import type { NatsTls, Settings } from './options.js';
import type { NatsServer } from './servers.js';
import { UnconfirmedBytes } from './unconfirmed-bytes.js';

/** What a link reports. Nothing after `onEnd`. */
interface LinkUser extends Omit<BusConnectionHost, 'onUp'> {
  /** Frames travel, of so many bytes at most. */
  onUp(maxFrameBytes: number): void;
}

/** The least that the port promises. */
const MIN_FRAME_BYTES = 4096;

/** What a publication costs beside its frame, in bytes, roughly. */
const OVERHEAD_BYTES = 128;

/**
 * One connection to a server, for its whole life.
 *
 * The library's own reconnecting is not used: what was published just before it would be sent late, and its first try reports no
 * reason and cannot be cancelled.
 */
export class NatsLink {
  readonly #settings: Settings;
  readonly #server: NatsServer;
  readonly #user: LinkUser;
  readonly #greeting: Greeting;
  readonly #unconfirmed: UnconfirmedBytes;
  #connection: NatsConnection | undefined = undefined;
  #state: 'opening' | 'up' | 'ended' = 'opening';

  constructor(settings: Settings, server: NatsServer, user: LinkUser) {
    this.#settings = settings;
    this.#server = server;
    this.#user = user;
    this.#greeting = new Greeting(server, settings.connectTimeoutMs, settings.clock);
    this.#unconfirmed = new UnconfirmedBytes(settings.maxWaitingBytes, () => this.#flush());
  }

  open(): void {
    void this.#open().catch((error: unknown) => this.#end(error));
  }

  /** Returns false if the frame was dropped. */
  publish(subject: string, frame: Uint8Array): boolean {
    const connection = this.#connection;
    if (this.#state !== 'up' || connection === undefined) return false;
    if (!this.#unconfirmed.hasRoom(frame.length + OVERHEAD_BYTES)) return false;
    try {
      // The library keeps what it is given until the end of this turn.
      connection.publish(subject, frame.slice());
    } catch {
      // The connection has closed, or its limit has changed, and this has not been reported yet.
      return false;
    }
    this.#unconfirmed.add(frame.length + OVERHEAD_BYTES);
    return true;
  }

  /** Writes what was published, for `closeMs` at most, and ends. */
  async close(): Promise<void> {
    const { clock, closeMs } = this.#settings;
    const connection = this.#connection;
    const wasUp = this.#state === 'up';
    this.#state = 'ended';
    this.#greeting.cancel();
    if (connection === undefined) return;
    if (wasUp) {
      let timer: { cancel(): void } | undefined;
      const late = new Promise<void>((resolve) => {
        timer = clock.schedule(clock.now() + closeMs, resolve);
      });
      await Promise.race([connection.flush().catch(() => {}), late]);
      timer?.cancel();
    }
    await connection.close();
  }

  async #open(): Promise<void> {
    await this.#greeting.receive();
    if (this.#state === 'ended') return;
    const connection = await connect(this.#connectionOptions());
    if (this.#isEnded()) return connection.close();
    this.#connection = connection;
    void connection.closed().then((error) => this.#end(error ?? new Error('the connection was closed')));
    void this.#watch(connection).catch((error: unknown) => this.#end(error));
    const maxFrameBytes = frameLimitOf(connection, this.#settings.maxWaitingBytes - OVERHEAD_BYTES);
    this.#subscribe(connection);
    await connection.flush();
    if (this.#isEnded()) return;
    this.#state = 'up';
    this.#user.onUp(maxFrameBytes);
  }

  #connectionOptions(): NonNullable<Parameters<typeof connect>[0]> {
    const { credentials, tls, nodeId, connectTimeoutMs, pingMs, maxPings } = this.#settings;
    const { host, port } = this.#server;
    const { user, pass, token, creds } = credentials;
    return {
      servers: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      name: `imcore ${nodeId}`,
      noEcho: true,
      reconnect: false,
      ignoreClusterUpdates: true,
      timeout: connectTimeoutMs,
      pingInterval: pingMs,
      maxPingOut: maxPings,
      ...(user === undefined ? {} : { user }),
      ...(pass === undefined ? {} : { pass }),
      ...(token === undefined ? {} : { token }),
      ...(creds === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) }),
      ...(tls === undefined ? {} : { tls: tlsOptions(tls, host) }),
    };
  }

  /** Callbacks: an iterator would queue without a limit. */
  #subscribe(connection: NatsConnection): void {
    const { clusterName, nodeId } = this.#settings;
    const callback = (error: Error | null, message: Msg) => {
      if (error !== null) this.#end(error);
      else if (this.#state === 'up') this.#user.onFrame(message.data);
    };
    connection.subscribe(clusterAddress(clusterName), { callback });
    connection.subscribe(nodeAddress({ clusterName, nodeId }), { callback });
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      // The library would wait until all is written to a server that does not read.
      if (status.type === 'staleConnection') this.#end(silent(this.#settings));
      // A missing permission to publish.
      if (status.type === 'error') this.#end(status.error);
      // The reason follows when the connection is closed.
      if (status.type === 'disconnect' && this.#state === 'up') this.#state = 'opening';
    }
  }

  #flush(): Promise<void> {
    return this.#connection?.flush() ?? Promise.resolve();
  }

  /** The state may have changed during a wait, which the compiler does not see. */
  #isEnded(): boolean {
    return this.#state === 'ended';
  }

  #end(cause: unknown): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#greeting.cancel();
    void this.#connection?.close().catch(() => {});
    this.#user.onEnd(cause);
  }
}

function frameLimitOf(connection: NatsConnection, most: number): number {
  const limit = connection.info?.max_payload ?? 0;
  if (limit >= MIN_FRAME_BYTES) return Math.min(limit, most);
  throw new ClusterError(
    'ERR_CLUSTER_FRAME_LIMIT',
    `max_payload of the NATS server is ${limit} bytes, must be at least ${MIN_FRAME_BYTES}`,
  );
}

function silent({ pingMs, maxPings }: Settings): ClusterError {
  const seconds = ((maxPings + 1) * pingMs) / 1000;
  return new ClusterError('ERR_CLUSTER_SILENT', `the NATS server has not answered for ${seconds} s`);
}

/**
 * Options of `tls.connect`. Without `host` the certificate of a server at an IP address would have to be in the name
 * `localhost`. Members that are undefined would be taken for values.
 */
function tlsOptions(tls: NatsTls, host: string): Record<string, string> {
  const given = Object.entries(tls).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), host };
}
