import type { Duplex } from 'node:stream';
import { ProtocolError, type ProtocolErrorCode } from '@imcore/protocol';
import type { RejectionReason, ServerTransport, SocketAdmission, TransportHost } from '@imcore/server/ports';
import type { Flusher, WithheldBytes } from '@imcore/server/transport-kit';
import { WorkerError } from '../errors.js';
import {
  type CoreControl,
  decodeControl,
  encodeControl,
  type TransportName,
  type WorkerControl,
} from '../link/control.js';
import { COUNT_NAMES } from '../link/counts.js';
import { Link, type LinkOwner } from '../link/link.js';
import { checkLength, decodeConnection, decodeEndpoint, decodeSocket } from '../link/peer-fields.js';
import { NO_CONNECTION, RecordKind, readUint32 } from '../link/records.js';
import { RemoteConnection } from './remote-connection.js';

/** A transport of the workers, in the core. */
export interface RemoteTransport extends ServerTransport {
  /** Whether new connections are welcome. */
  readonly isAccepting: boolean;
}

/** What the core's ends of all links share. */
export interface CoreContext {
  readonly flusher: Flusher;
  readonly host: TransportHost;
  readonly transports: Readonly<Partial<Record<TransportName, RemoteTransport>>>;
  /** Bytes that wait for proofs of addresses, in all workers. */
  readonly withheldBytes: WithheldBytes;
  /** Maximum size of a frame body in either direction. */
  readonly maxBodyBytes: number;
}

/** Gets what a worker reports of itself. */
export interface CoreEndOwner {
  control(control: WorkerControl): void;
  /** The link is closed, and all connections of the worker with it: so many. */
  ended(error: WorkerError | undefined, connections: number): void;
}

/**
 * The core's end of the link to one worker: the sockets and connections that the worker holds, as the server sees them.
 *
 * A worker does not wait for the core before it reads from a new socket. The core counts the socket, and answers only if it is
 * rejected: until then what it sends is ignored.
 */
export class CoreEnd implements LinkOwner {
  readonly #context: CoreContext;
  readonly #owner: CoreEndOwner;
  readonly #link: Link;
  readonly #sockets = new Map<number, SocketAdmission>();
  readonly #connections = new Map<number, RemoteConnection>();
  readonly #prevented = (): void => this.#context.host.count('amplificationPrevented');

  constructor(stream: Duplex, context: CoreContext, owner: CoreEndOwner) {
    this.#context = context;
    this.#owner = owner;
    this.#link = new Link(stream, context.flusher, context.maxBodyBytes, this);
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Number and state of the bytes in the link. */
  get traffic(): Pick<Link, 'bytesReceived' | 'bytesSent' | 'bufferedBytes'> {
    return this.#link;
  }

  tell(control: CoreControl): void {
    this.#link.send(RecordKind.Control, NO_CONNECTION, encodeControl(control));
  }

  /** Closes the link at once. */
  destroy(): void {
    this.#link.destroy();
  }

  record(kind: RecordKind, id: number, bytes: Buffer, start: number, end: number): void {
    switch (kind) {
      case RecordKind.Message:
        this.#connections.get(id)?.received(bytes.toString('latin1', start, end));
        break;
      case RecordKind.Admitted:
        this.#admit(id, bytes, start, end);
        break;
      case RecordKind.Opened:
        this.#open(id, bytes, start, end);
        break;
      case RecordKind.Moved:
        this.#move(id, bytes, start, end);
        break;
      case RecordKind.DeadlineEnded:
        this.#sockets.get(id)?.endDeadline();
        break;
      case RecordKind.Released:
        this.#release(id);
        break;
      case RecordKind.Violated:
        this.#violated(id, bytes.toString('latin1', start, end));
        break;
      case RecordKind.AnsweredPing:
        this.#connections.get(id)?.answeredPing(bytes[start] === 1);
        break;
      case RecordKind.Progress:
        checkLength(end - start, 4);
        this.#connections.get(id)?.progressed(readUint32(bytes, start));
        break;
      case RecordKind.Drained:
        checkLength(end - start, 4);
        this.#connections.get(id)?.drained(readUint32(bytes, start));
        break;
      case RecordKind.Closed:
        this.#close(id);
        break;
      case RecordKind.Count:
        this.#count(id, bytes, start, end);
        break;
      case RecordKind.Control:
        this.#owner.control(decodeControl<WorkerControl>(bytes.toString('latin1', start, end)));
        break;
      default:
        throw new WorkerError('ERR_WORKER_LINK', `a worker has sent a record of the kind ${kind}`);
    }
  }

  fellBehind(): void {}

  caughtUp(): void {}

  ended(error: WorkerError | undefined): void {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    for (const connection of connections) connection.lost();
    for (const admission of this.#sockets.values()) admission.release();
    this.#sockets.clear();
    this.#owner.ended(error, connections.length);
  }

  #admit(id: number, bytes: Buffer, start: number, end: number): void {
    const { host, transports } = this.#context;
    const { transport, remoteAddress, remotePort, fileDescriptor } = decodeSocket(bytes, start, end);
    const isAccepting = transports[transport]?.isAccepting === true;
    const loginTimedOut = (): void => this.#link.send(RecordKind.LoginTimedOut, id);
    const admission = isAccepting
      ? host.admit({ remoteAddress, remotePort, fileDescriptor, loginTimedOut })
      : 'closing';
    if (typeof admission === 'string') this.#reject(id, admission);
    else this.#sockets.set(id, admission);
  }

  #move(id: number, bytes: Buffer, start: number, end: number): void {
    const admission = this.#sockets.get(id);
    if (admission === undefined) return;
    const { remoteAddress, remotePort } = decodeEndpoint(bytes, start, end);
    // The worker has checked it by its own list, which should be the same.
    const isTrusted = this.#context.host.isTrustedProxy(admission.remoteAddress);
    const rejection = isTrusted ? admission.moveTo(remoteAddress, remotePort) : 'sessions-per-address';
    if (rejection !== undefined) this.#reject(id, rejection);
  }

  #open(id: number, bytes: Buffer, start: number, end: number): void {
    const { host, transports, withheldBytes } = this.#context;
    const fields = decodeConnection(bytes, start, end);
    const admission = this.#sockets.get(id);
    const transport = transports[fields.transport];
    if (transport?.isAccepting !== true) {
      this.#reject(id, 'closing');
      return;
    }
    // A socket that was rejected has become a connection meanwhile; it is told already.
    if (admission === undefined && !fields.mustProve) return;
    const connection = new RemoteConnection(id, fields, this.#link, withheldBytes, this.#prevented);
    const handler = host.accept(connection, transport, admission);
    if (typeof handler === 'string') {
      this.#reject(id, handler);
      return;
    }
    this.#connections.set(id, connection);
    connection.start(handler);
  }

  #reject(id: number, reason: RejectionReason): void {
    this.#link.send(RecordKind.Rejected, id, reason);
  }

  #close(id: number): void {
    const connection = this.#connections.get(id);
    this.#connections.delete(id);
    connection?.closed();
    this.#release(id);
  }

  /** Does nothing for a socket whose place a session has taken. */
  #release(id: number): void {
    this.#sockets.get(id)?.release();
    this.#sockets.delete(id);
  }

  #violated(id: number, text: string): void {
    const [code = '', ...words] = text.split(' ');
    this.#connections.get(id)?.violated(new ProtocolError(code as ProtocolErrorCode, words.join(' ')));
  }

  #count(index: number, bytes: Buffer, start: number, end: number): void {
    const name = COUNT_NAMES[index];
    checkLength(end - start, 4);
    if (name === undefined) throw new WorkerError('ERR_WORKER_LINK', `a worker counts the name ${index}`);
    for (let times = readUint32(bytes, start); times > 0; times--) this.#context.host.count(name);
  }
}
