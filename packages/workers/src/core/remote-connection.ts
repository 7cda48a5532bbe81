import type { BinaryString, ProtocolError } from '@imcore/protocol';
import type { AddressProof, Connection, ConnectionHandler, FrameKind } from '@imcore/server/ports';
import { type AllowanceOwner, AnswerAllowance, type WithheldBytes } from '@imcore/server/transport-kit';
import type { Link } from '../link/link.js';
import type { ConnectionFields } from '../link/peer-fields.js';
import { RecordKind } from '../link/records.js';

/** Number of buffered bytes above which a peer counts as slow: as in the server's own transports. */
const SLOW_BYTES = 256 * 1024;
/** Number of buffered bytes above which the owner is told when the peer has read them. */
const BACKLOG_BYTES = 16 * 1024;

const RECORD_OF_FRAME = {
  message: RecordKind.Message,
  copy: RecordKind.Copy,
  answer: RecordKind.Answer,
} as const;

/**
 * A connection that a worker holds, as the core sees it.
 *
 * What it has sent is counted here and, while the peer reads slowly, reported by the worker: the difference is what is buffered, in
 * the link and in the worker. A peer that reads fast costs no reports: it counts as caught up while the link has.
 *
 * The peer is paused in the worker. What is already in the link waits here, so that nothing arrives until {@link resume}.
 */
export class RemoteConnection implements Connection, AddressProof, AllowanceOwner {
  readonly transport: string;
  readonly isReliable: boolean;
  readonly canPause: boolean;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly maxSendBytes: number;
  readonly #id: number;
  readonly #link: Link;
  readonly #prevented: () => void;
  /** Limits what is sent to an address that may be forged. The worker's transport applies the same limits again. */
  readonly #allowance: AnswerAllowance | undefined;
  #handler: ConnectionHandler | undefined = undefined;
  /** `ending`: the core has closed it; `closed`: it is gone. */
  #state: 'open' | 'ending' | 'closed' = 'open';
  #frameKind: FrameKind = 'message';
  /** Bytes of all bodies that were sent, and of those that have left the worker, modulo 2^32. */
  #sentBytes = 0;
  #leftBytes = 0;
  #hasBacklog = false;
  /** The link's `timesBehind` that {@link #leftBytes} is from. */
  #linkTime = 0;
  /** Paused, or being resumed: what arrives waits. */
  #waiting: (() => void)[] | undefined = undefined;
  #isPaused = false;

  /** `prevented` counts a frame that the allowance has dropped. */
  constructor(
    id: number,
    fields: ConnectionFields,
    link: Link,
    withheldBytes: WithheldBytes,
    prevented: () => void,
  ) {
    this.transport = fields.transport;
    this.isReliable = fields.isReliable;
    this.canPause = fields.canPause;
    this.remoteAddress = fields.remoteAddress;
    this.remotePort = fields.remotePort;
    this.maxSendBytes = fields.maxSendBytes;
    this.#id = id;
    this.#link = link;
    this.#prevented = prevented;
    this.#allowance = fields.mustProve ? new AnswerAllowance(this, withheldBytes) : undefined;
  }

  get addressProof(): AddressProof | undefined {
    return this.#allowance === undefined ? undefined : this;
  }

  get bufferedBytes(): number {
    return this.#hasBacklog || (this.#link.isBehind && this.#linkTime === this.#link.timesBehind)
      ? this.#notLeft
      : 0;
  }

  get #notLeft(): number {
    return (this.#sentBytes - this.#leftBytes) >>> 0;
  }

  start(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  send(body: BinaryString, kind: FrameKind): boolean {
    if (this.#state !== 'open') return true;
    const allowance = this.#allowance;
    if (allowance === undefined) return this.#forward(body, kind);
    this.#frameKind = kind;
    allowance.send(body, kind);
    this.#frameKind = 'message';
    return true;
  }

  /** Sends what the allowance permits. */
  write(body: BinaryString): void {
    this.#forward(body, this.#frameKind);
  }

  prevented(): void {
    this.#prevented();
  }

  pause(): void {
    if (this.#state !== 'open' || !this.canPause || this.#isPaused) return;
    this.#isPaused = true;
    this.#waiting ??= [];
    this.#link.send(RecordKind.Pause, this.#id);
  }

  resume(): void {
    if (this.#state !== 'open' || !this.#isPaused) return;
    this.#isPaused = false;
    this.#link.send(RecordKind.Resume, this.#id);
    // Not at once: the caller is in the middle of something.
    if (this.#waiting?.length === 0) this.#waiting = undefined;
    else setImmediate(this.#handleWaiting);
  }

  get isAwaited(): boolean {
    return this.#allowance?.awaitsProof === true;
  }

  get allowedBytes(): number {
    return this.#allowance?.bytes ?? 0;
  }

  trust(): void {
    if (this.#state !== 'open') return;
    this.#link.send(RecordKind.Trust, this.#id);
    this.#allowance?.trust();
  }

  close(): void {
    if (this.#state === 'open') this.#end(RecordKind.Close);
  }

  destroy(): void {
    if (this.#state !== 'closed') this.#end(RecordKind.Destroy);
  }

  /** The peer has sent a frame body. */
  received(body: BinaryString): void {
    if (this.#waiting === undefined) this.#receive(body);
    else this.#waiting.push(() => this.#receive(body));
  }

  violated(error: ProtocolError): void {
    this.#inOrder(() => {
      if (this.#state === 'open') this.#handler?.violated(error);
    });
  }

  answeredPing(hasRoom: boolean): void {
    this.#inOrder(() => {
      if (this.#state === 'open') this.#handler?.answeredPing(hasRoom);
    });
  }

  /** So many bytes have left the worker, in all. */
  progressed(leftBytes: number): void {
    this.#leftBytes = leftBytes;
    if (this.#notLeft > BACKLOG_BYTES) this.#fellBehind();
  }

  /** What was sent before the last `Probe` has left. */
  drained(leftBytes: number): void {
    this.#leftBytes = leftBytes;
    this.#hasBacklog = false;
    if (this.#notLeft > BACKLOG_BYTES) this.#fellBehind();
    else if (this.#state !== 'closed') this.#handler?.drained();
  }

  /** The connection is gone. What has arrived before is handled first. */
  closed(): void {
    if (this.#waiting === undefined || this.#waiting.length === 0) this.#finish();
    else this.#waiting.push(this.#finish);
  }

  /** The worker is gone, and the connection with it. */
  lost(): void {
    this.#waiting = undefined;
    this.#finish();
  }

  readonly #finish = (): void => {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#allowance?.end();
    this.#handler?.closed();
  };

  #receive(body: BinaryString): void {
    if (this.#state !== 'open') return;
    const allowance = this.#allowance;
    allowance?.received(body.length);
    this.#handler?.receive(body);
    if (this.#state === 'open') allowance?.release();
  }

  #end(kind: typeof RecordKind.Close | typeof RecordKind.Destroy): void {
    this.#state = 'ending';
    this.#link.send(kind, this.#id);
    // The end is no longer behind anything.
    this.#isPaused = false;
    if (this.#waiting !== undefined) setImmediate(this.#handleWaiting);
  }

  #forward(body: BinaryString, kind: FrameKind): boolean {
    const link = this.#link;
    link.send(RECORD_OF_FRAME[kind], this.#id, body);
    this.#sentBytes = (this.#sentBytes + body.length) >>> 0;
    if (!this.#hasBacklog) {
      if (!link.isBehind) return true;
      if (this.#linkTime !== link.timesBehind) {
        this.#linkTime = link.timesBehind;
        this.#leftBytes = (this.#sentBytes - body.length) >>> 0;
      }
      if (this.#notLeft <= BACKLOG_BYTES) return true;
      this.#fellBehind();
    }
    return this.#notLeft <= SLOW_BYTES;
  }

  /** Asks the worker to say when what was sent has left. */
  #fellBehind(): void {
    if (this.#hasBacklog) return;
    this.#hasBacklog = true;
    this.#link.send(RecordKind.Probe, this.#id);
  }

  #inOrder(act: () => void): void {
    if (this.#waiting === undefined) act();
    else this.#waiting.push(act);
  }

  readonly #handleWaiting = (): void => {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    let handled = 0;
    while (handled < waiting.length && !this.#isPaused) waiting[handled++]?.();
    if (this.#waiting !== waiting) return;
    if (handled === waiting.length && !this.#isPaused) this.#waiting = undefined;
    else waiting.splice(0, handled);
  };
}
