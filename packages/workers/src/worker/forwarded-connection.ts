import type { BinaryString, ProtocolError } from '@imcore/protocol';
import type { Connection, ConnectionHandler, FrameKind, TransportCount } from '@imcore/server/ports';
import type { Link } from '../link/link.js';
import { RecordKind, uint32 } from '../link/records.js';

/** Number of buffered bytes above which the core is told. */
const BACKLOG_BYTES = 16 * 1024;

/** All connections of a worker, as one of them sees them. */
export interface Forwarding {
  readonly link: Link;
  /** A connection has bytes that its peer does not read, or no longer. */
  slow(connection: ForwardedConnection, isSlow: boolean): void;
  /** A connection is gone. */
  gone(id: number): void;
  count(name: TransportCount): void;
}

/** A connection of a worker's transport: passes what happens on it to the core, and does what the core asks. */
export class ForwardedConnection implements ConnectionHandler {
  readonly #id: number;
  readonly #connection: Connection;
  readonly #forwarding: Forwarding;
  /** Bytes of all bodies that the core has sent, modulo 2^32. */
  #takenBytes = 0;
  #isSlow = false;
  /** Whether the core waits for `Drained`. */
  #isProbed = false;
  #isPausedByCore = false;
  #isPaused = false;
  #isEnding = false;

  constructor(id: number, connection: Connection, forwarding: Forwarding) {
    this.#id = id;
    this.#connection = connection;
    this.#forwarding = forwarding;
    this.updatePause();
  }

  receive(body: BinaryString): void {
    const { link } = this.#forwarding;
    // A peer that can be paused is; its last chunk may still be handled.
    if (link.isBehind && !this.#connection.canPause) this.#forwarding.count('workerDrops');
    else link.send(RecordKind.Message, this.#id, body);
  }

  violated({ code, message }: ProtocolError): void {
    this.#report(RecordKind.Violated, `${code} ${message}`);
  }

  answeredPing(hasRoom: boolean): void {
    this.#report(RecordKind.AnsweredPing, hasRoom ? '\x01' : '\x00');
    this.#checkBacklog();
  }

  drained(): void {
    this.#setSlow(false);
    if (this.#isProbed) this.#reportDrained();
  }

  closed(): void {
    this.#setSlow(false);
    this.#report(RecordKind.Closed);
    this.#forwarding.gone(this.#id);
  }

  send(body: BinaryString, kind: FrameKind): void {
    this.#takenBytes = (this.#takenBytes + body.length) >>> 0;
    this.#connection.send(body, kind);
    this.#checkBacklog();
  }

  /** The core asks to be told when what it has sent has left. */
  probe(): void {
    // With more, the connection calls `drained`.
    if (this.#connection.bufferedBytes > BACKLOG_BYTES) this.#isProbed = true;
    else this.#reportDrained();
  }

  pause(): void {
    this.#isPausedByCore = true;
    this.updatePause();
  }

  resume(): void {
    this.#isPausedByCore = false;
    this.updatePause();
  }

  trust(): void {
    this.#connection.addressProof?.trust();
  }

  close(): void {
    this.#isEnding = true;
    this.#connection.close();
  }

  destroy(): void {
    this.#isEnding = true;
    this.#connection.destroy();
  }

  /** Pauses the peer while the core asks for it, or is itself behind. A connection that is closing reads what is left. */
  updatePause(): void {
    const { isBehind } = this.#forwarding.link;
    const mustPause = this.#connection.canPause && (this.#isPausedByCore || isBehind);
    if (mustPause === this.#isPaused || this.#isEnding) return;
    this.#isPaused = mustPause;
    if (mustPause) this.#connection.pause();
    else this.#connection.resume();
  }

  reportProgress(): void {
    this.#report(RecordKind.Progress, uint32(this.#leftBytes));
  }

  get #leftBytes(): number {
    return (this.#takenBytes - this.#connection.bufferedBytes) >>> 0;
  }

  #checkBacklog(): void {
    if (this.#isSlow || this.#connection.bufferedBytes <= BACKLOG_BYTES) return;
    this.#setSlow(true);
    this.reportProgress();
  }

  #setSlow(isSlow: boolean): void {
    if (isSlow === this.#isSlow) return;
    this.#isSlow = isSlow;
    this.#forwarding.slow(this, isSlow);
  }

  #reportDrained(): void {
    this.#isProbed = false;
    this.#report(RecordKind.Drained, uint32(this.#leftBytes));
  }

  #report(kind: RecordKind, body: BinaryString = ''): void {
    this.#forwarding.link.send(kind, this.#id, body);
  }
}
