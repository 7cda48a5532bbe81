import type { Instant } from '@imcore/protocol';
import type {
  AcceptedSocket,
  AdmissionDeadline,
  RejectionReason,
  SocketAdmission,
} from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { AddressTable } from './address-table.js';
import type { OpenFiles } from './open-files.js';

/**
 * Counts everything that peers have open, in one place for all transports: sockets from `accept` until they are closed,
 * whatever they have become by then, and sessions of transports that accept no sockets. Applies `maxSessions`,
 * `maxSessionsPerAddress` and the limit of open files, and ends sockets that do not log in within `loginTimeoutMs`.
 *
 * Pure apart from metrics and events: it neither reads nor closes a socket. Its transport asks {@link admit} for each accepted
 * socket, before it reads a byte, and destroys the socket if it is rejected. A socket that turns out to come from another
 * address, because a trusted proxy says so, is first admitted under the address of the proxy and then moved with
 * {@link SocketAdmission.moveTo}: before the TLS handshake with PROXY protocol, before the session with an HTTP header.
 *
 * @see docs/adr/0014-admission-of-sockets.md
 */
export class Admission {
  readonly #runtime: Runtime;
  readonly #addresses: AddressTable;
  readonly #openFiles: OpenFiles;
  readonly #deadlines: DeadlineRing;
  #open = 0;

  constructor(runtime: Runtime, addresses: AddressTable, openFiles: OpenFiles) {
    this.#runtime = runtime;
    this.#addresses = addresses;
    this.#openFiles = openFiles;
    this.#deadlines = runtime.timers.ring<AdmittedSocket>(runtime.limits.loginTimeoutMs, (socket) =>
      this.#timedOut(socket),
    );
  }

  /** Counts a socket and starts its deadline. Returns the reason if it is beyond a limit: then nothing is counted. */
  admit(socket: AcceptedSocket): SocketAdmission | RejectionReason {
    const { remoteAddress, remotePort, fileDescriptor } = socket;
    if (fileDescriptor !== undefined && !this.#openFiles.hasRoomFor(fileDescriptor))
      return this.#reject('openFiles', this.#openFiles.limit, remoteAddress, 'open-files');
    const rejection = this.enter(remoteAddress);
    if (rejection !== undefined) return rejection;
    this.#runtime.metrics.socketsWithoutLogin += 1;
    const admitted = new AdmittedSocket(this, remoteAddress, remotePort, socket);
    this.#deadlines.start(admitted, this.#runtime.clock.now());
    return admitted;
  }

  /** Counts a session that has no socket of its own. Returns the reason if it is beyond a limit. */
  enter(remoteAddress: string): RejectionReason | undefined {
    const { limits } = this.#runtime;
    if (this.#open >= limits.maxSessions)
      return this.#reject('maxSessions', limits.maxSessions, remoteAddress, 'sessions');
    const rejection = this.enterAddress(remoteAddress);
    if (rejection === undefined) this.#open += 1;
    return rejection;
  }

  /** The opposite of {@link enter}. */
  leave(remoteAddress: string): void {
    this.#open -= 1;
    this.leaveAddress(remoteAddress);
  }

  /** How long a login from an address must wait, in milliseconds; undefined if it must be rejected. */
  loginDelayMs(remoteAddress: string, now: Instant): number | undefined {
    return this.#addresses.loginDelayMs(remoteAddress, now);
  }

  /** Counts under an address only. Returns the reason if it is beyond the address's limit. */
  enterAddress(remoteAddress: string): RejectionReason | undefined {
    const { limits, clock } = this.#runtime;
    if (this.#addresses.enter(remoteAddress, clock.now())) return undefined;
    const value = limits.maxSessionsPerAddress;
    return this.#reject('maxSessionsPerAddress', value, remoteAddress, 'sessions-per-address');
  }

  leaveAddress(remoteAddress: string): void {
    this.#addresses.leave(remoteAddress, this.#runtime.clock.now());
  }

  /** The deadline of an admitted socket has ended without being reached. */
  deadlineEnded(): void {
    this.#runtime.metrics.socketsWithoutLogin -= 1;
  }

  #timedOut(socket: AdmittedSocket): void {
    const { metrics, events, limits } = this.#runtime;
    const { remoteAddress } = socket;
    metrics.limitLoginTimeout += 1;
    metrics.socketsWithoutLogin -= 1;
    const value = limits.loginTimeoutMs;
    events.emit('limited', { limit: 'loginTimeoutMs', value, remoteAddress, userId: undefined });
    socket.timedOut();
  }

  #reject(
    limit: 'maxSessions' | 'maxSessionsPerAddress' | 'openFiles',
    value: number,
    remoteAddress: string,
    reason: RejectionReason,
  ): RejectionReason {
    const { metrics, events } = this.#runtime;
    metrics.sessionsRejected += 1;
    if (limit === 'maxSessions') metrics.limitSessions += 1;
    else if (limit === 'openFiles') metrics.limitOpenFiles += 1;
    else metrics.limitSessionsPerAddress += 1;
    events.emit('limited', { limit, value, remoteAddress, userId: undefined });
    return reason;
  }
}

/** One socket that was admitted. It counts until {@link release}, or until the session that takes its place is gone. */
class AdmittedSocket implements SocketAdmission, RingEntry {
  readonly #admission: Admission;
  #remoteAddress: string;
  #remotePort: number;
  #deadline: AdmissionDeadline;
  #isCounted = true;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(admission: Admission, remoteAddress: string, remotePort: number, deadline: AdmissionDeadline) {
    this.#admission = admission;
    this.#remoteAddress = remoteAddress;
    this.#remotePort = remotePort;
    this.#deadline = deadline;
  }

  get remoteAddress(): string {
    return this.#remoteAddress;
  }

  get remotePort(): number {
    return this.#remotePort;
  }

  moveTo(remoteAddress: string, remotePort: number): RejectionReason | undefined {
    if (!this.#isCounted) return undefined;
    if (remoteAddress !== this.#remoteAddress) {
      const rejection = this.#admission.enterAddress(remoteAddress);
      if (rejection !== undefined) return rejection;
      this.#admission.leaveAddress(this.#remoteAddress);
      this.#remoteAddress = remoteAddress;
    }
    this.#remotePort = remotePort;
    return undefined;
  }

  becomeSession(deadline: AdmissionDeadline): void {
    this.#isCounted = false;
    this.#deadline = deadline;
  }

  endDeadline(): void {
    if (this.ring === undefined) return;
    this.ring.stop(this);
    this.#admission.deadlineEnded();
  }

  release(): void {
    if (!this.#isCounted) return;
    this.#isCounted = false;
    this.endDeadline();
    this.#admission.leave(this.#remoteAddress);
  }

  timedOut(): void {
    this.#deadline.loginTimedOut();
  }
}
