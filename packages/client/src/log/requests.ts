import {
  type AnswerPacket,
  type DevicePacket,
  ExtensionType,
  type FailurePacket,
  type Instant,
  NEVER,
} from '@imcore/protocol';
import type { Effect } from '../effects.js';
import { RequestError } from '../errors.js';
import type { LogRequest } from '../log-request.js';
import { readResult } from './request-results.js';

/** The server works at so many requests of one session; others wait here. */
const MAX_UNDER_WAY = 4;

/** Maximum number of requests that wait for an answer or for a link. */
const MAX_PENDING = 64;

/** Settings of {@link Requests}. */
interface RequestSettings {
  readonly requestTimeoutMs: number;
  readonly repeatRequestAfterMs: number;
  /** Whether requests can be lost on their way. */
  readonly isLossy: boolean;
}

interface Pending {
  readonly ticket: number;
  readonly request: LogRequest;
  readonly expiresAt: Instant;
  /** When it is written again; undefined if it is not written to the current link. */
  repeatAt: Instant | undefined;
}

/**
 * The requests of a client that are not answered. They wait for a link of level 1, and are written again to each new one, with
 * the same number.
 */
export class Requests {
  readonly #settings: RequestSettings;
  readonly #effects: Effect[];
  readonly #write: (packet: DevicePacket) => void;
  /** By number, in the order of the calls. */
  readonly #pending = new Map<number, Pending>();
  #isLinkUp = false;
  #lastNumber = 0;

  constructor(settings: RequestSettings, effects: Effect[], write: (packet: DevicePacket) => void) {
    this.#settings = settings;
    this.#effects = effects;
    this.#write = write;
  }

  get nextDeadline(): Instant {
    let next = NEVER;
    for (const { expiresAt, repeatAt = NEVER } of this.#pending.values())
      next = Math.min(next, expiresAt, repeatAt);
    return next;
  }

  add(ticket: number, request: LogRequest, now: Instant): void {
    if (this.#pending.size >= MAX_PENDING) {
      const text = `${MAX_PENDING} requests are not answered, which is the limit`;
      this.fail(ticket, new RequestError('ERR_TOO_MANY_REQUESTS', text));
      return;
    }
    this.#lastNumber += 1;
    const expiresAt = now + this.#settings.requestTimeoutMs;
    this.#pending.set(this.#lastNumber, { ticket, request, expiresAt, repeatAt: undefined });
    this.#writeNext(now);
  }

  linkUp(now: Instant): void {
    this.#isLinkUp = true;
    this.#writeNext(now);
  }

  linkLost(): void {
    this.#isLinkUp = false;
    for (const pending of this.#pending.values()) pending.repeatAt = undefined;
  }

  /** The server has answered. An answer that nobody waits for is ignored. */
  answered(packet: AnswerPacket | FailurePacket, userId: string, now: Instant): void {
    const pending = this.#pending.get(packet.number);
    if (pending === undefined) return;
    this.#pending.delete(packet.number);
    const { ticket, request } = pending;
    const result =
      'code' in packet
        ? rejectionOf(request, packet.code)
        : readResult(request, packet.items, packet.hasMore, userId);
    if (result instanceof RequestError) this.fail(ticket, result);
    else this.#effects.push({ kind: 'request-done', ticket, result });
    this.#writeNext(now);
  }

  /** No request will be answered: there is no log, or the login has ended. */
  failAll(error: RequestError): void {
    for (const { ticket } of this.#pending.values()) this.fail(ticket, error);
    this.#pending.clear();
  }

  tick(now: Instant): void {
    for (const [number, pending] of this.#pending) {
      const { ticket, request, expiresAt, repeatAt = NEVER } = pending;
      if (expiresAt <= now) {
        this.#pending.delete(number);
        const text = `${request.operation} was not answered within ${this.#settings.requestTimeoutMs} ms`;
        this.fail(ticket, new RequestError('ERR_NOT_ANSWERED', text));
      } else if (repeatAt <= now) this.#writeRequest(number, pending, now);
    }
    this.#writeNext(now);
  }

  /** Writes waiting requests as far as the server works at them. */
  #writeNext(now: Instant): void {
    if (!this.#isLinkUp) return;
    let underWay = 0;
    for (const [number, pending] of this.#pending) {
      if (underWay >= MAX_UNDER_WAY) return;
      if (pending.repeatAt === undefined) this.#writeRequest(number, pending, now);
      underWay += 1;
    }
  }

  #writeRequest(number: number, pending: Pending, now: Instant): void {
    const { isLossy, repeatRequestAfterMs } = this.#settings;
    pending.repeatAt = isLossy ? now + repeatRequestAfterMs : NEVER;
    this.#write(packetOf(number, pending.request));
  }

  /** A request ends with an error. */
  fail(ticket: number, error: RequestError): void {
    this.#effects.push({ kind: 'request-failed', ticket, error });
  }
}

function packetOf(number: number, request: LogRequest): DevicePacket {
  const { operation } = request;
  const base = { type: ExtensionType.Request, number, operation, parameters: {} };
  if (operation === 'removeDevice') return { ...base, parameters: { id: request.id } };
  return operation === 'devices' ? base : { ...base, ...request };
}

function rejectionOf({ operation }: LogRequest, code: string): RequestError {
  return new RequestError(code, `the server rejected ${operation} with ${code}`);
}
