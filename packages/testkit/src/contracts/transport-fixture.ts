import type { Link, LinkHandler, Transport } from '@imcore/client';

/** The server's end of a link of a transport under test. */
export interface TransportPeer {
  /** Packets that have come, oldest first. */
  readonly received: readonly string[];
  /** Whether it has seen its connection end. Always false on UDP. */
  readonly isClosed: boolean;
  send(frame: string): void;
  /** Ends the connection in order. Without effect on UDP. */
  close(): void;
  /** Ends it suddenly. Without effect on UDP. */
  destroy(): void;
}

/** A transport under test, and the server that it leads to. */
export interface TransportFixture {
  readonly transport: Transport;
  /** The same transport towards an address at which nobody listens. */
  readonly nowhere: Transport;
  /** Whether a sudden end can be told from one in order. TCP shows it only where something had not been read yet. */
  readonly tellsBreaks: boolean;
  /** Resolves with the server's end of a link that is open, which has sent and received nothing yet. */
  peerOf(link: Link): Promise<TransportPeer>;
  /** Resolves when the condition holds. Rejects when it does not come true in any reasonable time. */
  until(condition: () => boolean): Promise<void>;
  /** Resolves when nothing more is under way. */
  settle(): Promise<void>;
  /** Frees what the fixture opened, links too. */
  dispose(): Promise<void>;
}

/** Makes a fixture of its own for each test. */
export type CreateTransportFixture = () => Promise<TransportFixture>;

/** What one link has reported to its client. */
export class RecordingLinkHandler implements LinkHandler {
  readonly frames: string[] = [];
  /** One for each end that was reported: what was said to be wrong. */
  readonly ends: (Error | undefined)[] = [];
  openedCount = 0;
  callsAfterEnd = 0;

  opened(): void {
    this.#count();
    this.openedCount += 1;
  }

  received(frame: string): void {
    this.#count();
    this.frames.push(frame);
  }

  closed(error?: Error): void {
    this.#count();
    this.ends.push(error);
  }

  #count(): void {
    if (this.ends.length > 0) this.callsAfterEnd += 1;
  }
}
