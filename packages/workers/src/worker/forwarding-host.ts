import type {
  AcceptedSocket,
  AdmissionDeadline,
  Connection,
  ConnectionHandler,
  RejectionReason,
  ServerTransport,
  SocketAdmission,
  TransportCount,
  TransportHost,
} from '@imcore/server/ports';
import type { TransportName } from '../link/control.js';
import type { WorkerEnd } from './worker-end.js';

/** The host of one transport in a worker: accepts what it offers, and reports it to the core, which may reject it later. */
export class ForwardingHost implements TransportHost {
  readonly #transport: TransportName;
  readonly #end: WorkerEnd;

  constructor(transport: TransportName, end: WorkerEnd) {
    this.#transport = transport;
    this.#end = end;
  }

  admit(socket: AcceptedSocket): SocketAdmission | RejectionReason {
    const id = this.#end.admitted(socket, this.#transport);
    return id === undefined ? 'sessions' : new ForwardedAdmission(id, socket, this.#end);
  }

  accept(
    connection: Connection,
    _transport: ServerTransport,
    admission?: SocketAdmission | undefined,
  ): ConnectionHandler | RejectionReason {
    const admitted = admission instanceof ForwardedAdmission ? admission : undefined;
    const handler = this.#end.opened(connection, this.#transport, admitted?.id);
    if (handler === undefined) return 'sessions';
    admitted?.becomeSession();
    return handler;
  }

  isTrustedProxy(address: string): boolean {
    return this.#end.isTrustedProxy(address);
  }

  proxyHeaderRejected(_transport: string, remoteAddress: string, reason: string): void {
    this.#end.tell({ type: 'proxyHeaderRejected', transport: this.#transport, remoteAddress, reason });
  }

  count(name: TransportCount): void {
    this.#end.count(name);
  }

  failed(error: Error): void {
    this.#end.failed(error);
  }
}

/** The place of a socket in the core's limits. What the core rejects is destroyed when its answer arrives. */
class ForwardedAdmission implements SocketAdmission {
  readonly id: number;
  readonly #end: WorkerEnd;
  remoteAddress: string;
  remotePort: number;
  #isCounted = true;

  constructor(id: number, { remoteAddress, remotePort }: AcceptedSocket, end: WorkerEnd) {
    this.id = id;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.#end = end;
  }

  moveTo(remoteAddress: string, remotePort: number): undefined {
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.#end.moved(this.id, { remoteAddress, remotePort });
  }

  becomeSession(_deadline?: AdmissionDeadline): void {
    this.#isCounted = false;
  }

  endDeadline(): void {
    if (this.#isCounted) this.#end.deadlineEnded(this.id);
  }

  release(): void {
    if (!this.#isCounted) return;
    this.#isCounted = false;
    this.#end.released(this.id);
  }
}
