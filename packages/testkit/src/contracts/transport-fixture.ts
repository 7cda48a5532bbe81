import type { Link, LinkHandler, Transport } from '@imcore/client';

/** The server's end of a link of a transport under test. */
export interface TransportPeer {
  /** Packets that have arrived, oldest first. */
  readonly received: readonly string[];
  /** Whether it has seen its connection end. Always false on UDP. */
  readonly isClosed: boolean;
  send(frame: string): void;
  /** Closes the connection. Without effect on UDP. */
  close(): void;
  /** Breaks the connection. Without effect on UDP. */
  destroy(): void;
}

/** A transport under test, and the server that it connects to. */
export interface TransportFixture {
  readonly transport: Transport;
  /** The same transport to an address without a listener. */
  readonly unreachable: Transport;
  /** Whether a broken connection is distinguished from a closed one. TCP does that only while data is unread. */
  readonly reportsBreaks: boolean;
  /** Resolves with the server's end of an open link that has carried no packet yet. */
  peerOf(link: Link): Promise<TransportPeer>;
  /** Resolves when the condition holds. Rejects when that takes too long. */
  until(condition: () => boolean): Promise<void>;
  /** Resolves when no packet is in transit. */
  settle(): Promise<void>;
  /** Releases what the fixture opened, links included. */
  dispose(): Promise<void>;
}

/** Creates a fixture for each test. */
export type CreateTransportFixture = () => Promise<TransportFixture>;

/** Records what a link reports to its client. */
export class RecordingLinkHandler implements LinkHandler {
  readonly frames: string[] = [];
  /** The error of each end that was reported; `undefined` for an end without one. */
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
