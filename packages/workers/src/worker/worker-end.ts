import type { Duplex } from 'node:stream';
import type { AcceptedSocket, Connection, ConnectionHandler, TransportCount } from '@imcore/server/ports';
import type { Flusher, TrustedProxies } from '@imcore/server/transport-kit';
import { WorkerError } from '../errors.js';
import {
  type CoreControl,
  decodeControl,
  describeFailure,
  encodeControl,
  type TransportName,
  type WorkerControl,
} from '../link/control.js';
import { COUNT_NAMES } from '../link/counts.js';
import { Link, type LinkOwner } from '../link/link.js';
import { type Endpoint, encodeConnection, encodeEndpoint, encodeSocket } from '../link/peer-fields.js';
import { NO_CONNECTION, RecordKind, uint32 } from '../link/records.js';
import { ForwardedConnection, type Forwarding } from './forwarded-connection.js';

/** How often the core learns how many bytes slow peers have read, in milliseconds. */
const PROGRESS_MS = 250;

/** Gets what the core asks of a worker. */
export interface WorkerEndOwner {
  control(control: CoreControl): void;
  /** The core is gone. */
  ended(): void;
}

/**
 * A worker's end of its link to the core: the sockets and connections of its transports by their numbers.
 *
 * While the core is behind, nothing is read from peers, datagrams are dropped, and new sockets are rejected.
 */
export class WorkerEnd implements LinkOwner, Forwarding {
  readonly link: Link;
  readonly #owner: WorkerEndOwner;
  readonly #sockets = new Map<number, AcceptedSocket>();
  readonly #connections = new Map<number, ForwardedConnection>();
  readonly #slow = new Set<ForwardedConnection>();
  readonly #counts = COUNT_NAMES.map(() => 0);
  #progress: NodeJS.Timeout | undefined = undefined;
  #lastId = 0;
  #proxies: TrustedProxies | undefined = undefined;

  constructor(stream: Duplex, flusher: Flusher, maxBodyBytes: number, owner: WorkerEndOwner) {
    this.#owner = owner;
    this.link = new Link(stream, flusher, maxBodyBytes, this);
  }

  tell(control: WorkerControl): void {
    this.link.send(RecordKind.Control, NO_CONNECTION, encodeControl(control));
  }

  failed(error: unknown): void {
    this.tell({ type: 'failed', failure: describeFailure(error) });
  }

  trust(proxies: TrustedProxies): void {
    this.#proxies = proxies;
  }

  isTrustedProxy(address: string): boolean {
    return address === '' || this.#proxies?.includes(address) === true;
  }

  /** Returns the number of a new socket; undefined if the core is behind. */
  admitted(socket: AcceptedSocket, transport: TransportName): number | undefined {
    if (this.#drops()) return undefined;
    const id = this.#nextId();
    const { remoteAddress, remotePort, fileDescriptor } = socket;
    this.#sockets.set(id, socket);
    const fields = { transport, remoteAddress, remotePort, fileDescriptor };
    this.link.send(RecordKind.Admitted, id, encodeSocket(fields));
    return id;
  }

  /** Returns the handler of a new connection, whose socket has the number `socketId`; undefined if the core is behind. */
  opened(
    connection: Connection,
    transport: TransportName,
    socketId: number | undefined,
  ): ConnectionHandler | undefined {
    if (socketId === undefined && this.#drops()) return undefined;
    const id = socketId ?? this.#nextId();
    const { isReliable, canPause, maxSendBytes, remoteAddress, remotePort } = connection;
    const mustProve = connection.addressProof !== undefined;
    const fields = { transport, isReliable, canPause, mustProve, maxSendBytes, remoteAddress, remotePort };
    this.link.send(RecordKind.Opened, id, encodeConnection(fields));
    const forwarded = new ForwardedConnection(id, connection, this);
    this.#sockets.delete(id);
    this.#connections.set(id, forwarded);
    return forwarded;
  }

  moved(id: number, endpoint: Endpoint): void {
    this.link.send(RecordKind.Moved, id, encodeEndpoint(endpoint));
  }

  deadlineEnded(id: number): void {
    this.link.send(RecordKind.DeadlineEnded, id);
  }

  released(id: number): void {
    if (this.#sockets.delete(id)) this.link.send(RecordKind.Released, id);
  }

  count(name: TransportCount): void {
    const index = (COUNT_NAMES as readonly TransportCount[]).indexOf(name);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    if (!this.link.isBehind) this.#reportCounts();
  }

  slow(connection: ForwardedConnection, isSlow: boolean): void {
    if (isSlow) this.#slow.add(connection);
    else this.#slow.delete(connection);
    if (this.#slow.size > 0) this.#progress ??= setInterval(this.#reportProgress, PROGRESS_MS);
    else {
      clearInterval(this.#progress);
      this.#progress = undefined;
    }
  }

  gone(id: number): void {
    this.#connections.delete(id);
  }

  record(kind: RecordKind, id: number, bytes: Buffer, start: number, end: number): void {
    const connection = this.#connections.get(id);
    switch (kind) {
      case RecordKind.Message:
        connection?.send(bytes.toString('latin1', start, end), 'message');
        break;
      case RecordKind.Copy:
        connection?.send(bytes.toString('latin1', start, end), 'copy');
        break;
      case RecordKind.Answer:
        connection?.send(bytes.toString('latin1', start, end), 'answer');
        break;
      case RecordKind.Pause:
        connection?.pause();
        break;
      case RecordKind.Resume:
        connection?.resume();
        break;
      case RecordKind.Close:
        connection?.close();
        break;
      case RecordKind.Destroy:
      case RecordKind.Rejected:
      case RecordKind.LoginTimedOut:
        connection?.destroy();
        this.#sockets.get(id)?.loginTimedOut();
        break;
      case RecordKind.Trust:
        connection?.trust();
        break;
      case RecordKind.Probe:
        connection?.probe();
        break;
      case RecordKind.Control:
        this.#owner.control(decodeControl<CoreControl>(bytes.toString('latin1', start, end)));
        break;
      default:
        throw new WorkerError('ERR_WORKER_LINK', `the core has sent a record of the kind ${kind}`);
    }
  }

  fellBehind(): void {
    for (const connection of this.#connections.values()) connection.updatePause();
  }

  caughtUp(): void {
    this.#reportCounts();
    for (const connection of this.#connections.values()) connection.updatePause();
  }

  ended(): void {
    clearInterval(this.#progress);
    this.#owner.ended();
  }

  /** Whether the core is behind, so that something new must be dropped. */
  #drops(): boolean {
    const { isBehind } = this.link;
    if (isBehind) this.count('workerDrops');
    return isBehind;
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (
      this.#lastId === NO_CONNECTION ||
      this.#sockets.has(this.#lastId) ||
      this.#connections.has(this.#lastId)
    );
    return this.#lastId;
  }

  #reportCounts(): void {
    for (const [index, times] of this.#counts.entries()) {
      if (times > 0) this.link.send(RecordKind.Count, index, uint32(times));
      this.#counts[index] = 0;
    }
  }

  readonly #reportProgress = (): void => {
    for (const connection of this.#slow) connection.reportProgress();
  };
}
