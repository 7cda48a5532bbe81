import { randomBytes } from 'node:crypto';
import type tls from 'node:tls';
import type { UdpOptions } from '@imcore/server';
import type { ServerTransport, TransportAddress, TransportHost } from '@imcore/server/ports';
import { UsageError } from '@imcore/server/ports';
import { canSharePort, Flusher, WithheldBytes } from '@imcore/server/transport-kit';
import { WorkerError } from '../errors.js';
import {
  type CoreControl,
  TRANSPORTS,
  type TransportName,
  type WorkerControl,
  type WorkerTransports,
} from '../link/control.js';
import type { CheckedOptions } from './checked-options.js';
import type { RemoteTransport } from './core-end.js';
import { choosePorts } from './free-port.js';
import type { StartWorker } from './worker-process.js';
import { type LostWorker, type SlotContext, WorkerSlot, type WorkerState } from './worker-slot.js';

/** One worker process, now. */
export interface WorkerStatus {
  /** From 1 on. */
  readonly worker: number;
  /** Undefined while there is no process. */
  readonly pid: number | undefined;
  /** `waiting`: it has ended, and is started again soon. */
  readonly state: WorkerState;
  /** Open connections. */
  readonly connections: number;
  /** How many times it was started again. */
  readonly restarts: number;
  /** Bytes of frames and control records from the worker, and to it, since its process was started. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Bytes for the worker that have not left the core. */
  readonly bufferedBytes: number;
  /** Whether it receives datagrams. */
  readonly hasUdp: boolean;
}

/** Size of the keys with which TLS sessions are resumed, in bytes. */
const TICKET_KEY_BYTES = 48;

/** The workers of one server, and their transports as the server sees them. */
export class WorkerGroup {
  /** In the order of {@link TRANSPORTS}; what is not configured is absent. */
  readonly transports: readonly ServerTransport[];
  readonly #options: CheckedOptions;
  readonly #start: StartWorker;
  readonly #remote: Readonly<Partial<Record<TransportName, GroupTransport>>>;
  /** A client may resume its session at another worker. */
  readonly #ticketKeys = randomBytes(TICKET_KEY_BYTES);
  #ports: WorkerTransports;
  #host: TransportHost | undefined = undefined;
  #slots: readonly WorkerSlot[] = [];
  #listening: Promise<readonly TransportAddress[]> | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;

  constructor(options: CheckedOptions, start: StartWorker) {
    this.#options = options;
    this.#start = start;
    this.#ports = options.transports;
    const remote: Partial<Record<TransportName, GroupTransport>> = {};
    for (const template of options.templates)
      remote[template.transport as TransportName] = new GroupTransport(template, this);
    this.#remote = remote;
    this.transports = TRANSPORTS.flatMap((name) => remote[name] ?? []);
  }

  /** The workers; none before the start. */
  status(): readonly WorkerStatus[] {
    return this.#slots.map((slot) => ({
      worker: slot.number,
      pid: slot.pid,
      state: slot.state,
      connections: slot.end?.connections ?? 0,
      restarts: slot.restarts,
      bytesReceived: slot.end?.traffic.bytesReceived ?? 0,
      bytesSent: slot.end?.traffic.bytesSent ?? 0,
      bufferedBytes: slot.end?.traffic.bufferedBytes ?? 0,
      hasUdp: this.#hasUdp(slot),
    }));
  }

  /** Uses another key and certificate for new handshakes, in all workers, also in those that start later. */
  reloadTls(tls: tls.SecureContextOptions): void {
    this.#options.reloadTls(tls);
    const context = this.#withTicketKeys(tls);
    this.#ports = {
      ...this.#ports,
      tcp: this.#ports.tcp && reloaded(this.#ports.tcp, tls),
      websocket: this.#ports.websocket && reloaded(this.#ports.websocket, tls),
    };
    this.#tellAll({ type: 'reloadTls', tls: context });
  }

  /** Starts the workers on the first call. Resolves with the address of one transport. */
  async listen(host: TransportHost, name: TransportName): Promise<TransportAddress> {
    if (this.#host !== undefined && this.#host !== host)
      throw new UsageError('ERR_INVALID_OPTION', 'the transports of workers() must belong to one server');
    this.#host = host;
    this.#listening ??= this.#startAll(host);
    const address = (await this.#listening).find(({ transport }) => transport === name);
    if (address === undefined)
      throw new WorkerError('ERR_WORKER_FAILED', `a worker does not listen on ${name}`);
    return address;
  }

  stopAccepting(transport: TransportName): void {
    this.#tellAll({ type: 'stopAccepting', transport });
  }

  /** Ends all workers, when the first of the transports is closed. */
  close(): Promise<void> {
    this.#closing ??= Promise.all(this.#slots.map((slot) => slot.close())).then(() => {});
    return this.#closing;
  }

  lost(slot: WorkerSlot, { error, connections, restartInMs }: LostWorker): void {
    this.#host?.count('workersLost');
    const seconds = restartInMs / 1000;
    const text = `${error.message}; ${connections} connections ended, it is started again in ${seconds} s`;
    this.#host?.failed(new WorkerError('ERR_WORKER_LOST', text, { cause: error.cause }));
    this.#options.onWorker?.({ worker: slot.number, pid: undefined, state: 'lost', error });
  }

  listening(slot: WorkerSlot): void {
    // It may have missed that the server is closing.
    for (const [name, transport] of Object.entries(this.#remote))
      if (!transport.isAccepting) slot.tell({ type: 'stopAccepting', transport: name as TransportName });
    this.#options.onWorker?.({ worker: slot.number, pid: slot.pid, state: 'listening', error: undefined });
  }

  control(control: Extract<WorkerControl, { type: 'failed' | 'proxyHeaderRejected' }>): void {
    if (control.type === 'failed') {
      const { message, code } = control.failure;
      const text = code === undefined ? message : `${code}: ${message}`;
      this.#host?.failed(new WorkerError('ERR_WORKER_FAILED', text));
    } else this.#host?.proxyHeaderRejected(control.transport, control.remoteAddress, control.reason);
  }

  async #startAll(host: TransportHost): Promise<readonly TransportAddress[]> {
    const { count, clock, maxBodyBytes } = this.#options;
    this.#ports = await choosePorts(this.#ports);
    if (this.#closing !== undefined) throw new WorkerError('ERR_WORKER_FAILED', 'the server was closed');
    const context: SlotContext = {
      flusher: new Flusher(),
      host,
      transports: this.#remote,
      withheldBytes: new WithheldBytes(),
      maxBodyBytes,
      clock,
      start: this.#start,
    };
    this.#slots = Array.from({ length: count }, (_, index) => {
      const slot: WorkerSlot = new WorkerSlot(index + 1, context, this, () => this.#startControl(slot));
      return slot;
    });
    try {
      const [addresses = []] = await Promise.all(this.#slots.map((slot) => slot.start()));
      return addresses;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #startControl(slot: WorkerSlot): CoreControl {
    const { tcp, websocket, udp } = this.#ports;
    return {
      type: 'start',
      transports: {
        tcp: tcp?.tls === undefined ? tcp : { ...tcp, tls: this.#withTicketKeys(tcp.tls) },
        websocket:
          websocket?.tls === undefined
            ? websocket
            : { ...websocket, tls: this.#withTicketKeys(websocket.tls) },
        udp: this.#hasUdp(slot) ? this.#withSharedPort(udp) : undefined,
      },
      trustedProxies: this.#options.trustedProxies,
    };
  }

  /** Whether all workers have UDP: a peer must stay with one of them. Where Node cannot do that, the first worker alone has it. */
  get #sharesUdp(): boolean {
    return this.#options.count > 1 && canSharePort(process.versions.node);
  }

  #withSharedPort(udp: UdpOptions | undefined): UdpOptions | undefined {
    return this.#sharesUdp ? { ...udp, reusePort: true } : udp;
  }

  #hasUdp(slot: WorkerSlot): boolean {
    return this.#ports.udp !== undefined && (slot.number === 1 || this.#sharesUdp);
  }

  #withTicketKeys<Options extends object>(options: Options): Options & { readonly ticketKeys: Buffer } {
    return { ticketKeys: this.#ticketKeys, ...options };
  }

  #tellAll(control: CoreControl): void {
    for (const slot of this.#slots) slot.tell(control);
  }
}

function reloaded<Options extends { readonly tls?: tls.TlsOptions | undefined }>(
  options: Options,
  tls: tls.SecureContextOptions,
): Options {
  return options.tls === undefined ? options : { ...options, tls: { ...options.tls, ...tls } };
}

/** One transport of the workers, as the server sees it. */
class GroupTransport implements RemoteTransport {
  readonly transport: string;
  readonly readTimeoutMs: number;
  readonly maxSendBytes: number;
  readonly stopListening: (() => void) | undefined;
  readonly #group: WorkerGroup;
  #isAccepting = true;

  constructor({ transport, readTimeoutMs, maxSendBytes }: ServerTransport, group: WorkerGroup) {
    this.transport = transport;
    this.readTimeoutMs = readTimeoutMs;
    this.maxSendBytes = maxSendBytes;
    this.stopListening = transport === 'udp' ? undefined : () => this.stopAccepting();
    this.#group = group;
  }

  get isAccepting(): boolean {
    return this.#isAccepting;
  }

  listen(host: TransportHost): Promise<TransportAddress> {
    return this.#group.listen(host, this.transport as TransportName);
  }

  stopAccepting(): void {
    this.#isAccepting = false;
    this.#group.stopAccepting(this.transport as TransportName);
  }

  close(): Promise<void> {
    this.#isAccepting = false;
    return this.#group.close();
  }
}
