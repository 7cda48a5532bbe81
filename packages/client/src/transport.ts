import type { Instant, TransportKind } from '@imcore/protocol';

/** The callbacks of a link. None is called after `closed`. */
export interface LinkHandler {
  /** The link is ready to send, after TLS and other handshakes. */
  opened(): void;
  /** One complete packet, as text. */
  received(frame: string): void;
  /** The link was closed or could not be opened. `error` is absent if the peer closed it normally. */
  closed(error?: Error): void;
}

/** One connection to the server, open or being opened. */
export interface Link {
  /** Bytes passed to {@link send} that have not left the process yet. */
  readonly bufferedBytes: number;
  /** Sends one complete packet, as text. Only after `opened`. Never throws: a broken link reports `closed`. */
  send(frame: string): void;
  /**
   * Closes the link when everything sent before has left, or after a short time if the peer does not read. The caller
   * ignores further callbacks; calling `closed` is optional.
   */
  close(): void;
}

/**
 * Carries packets between a client and one server.
 *
 * Sends and receives complete packets as text; framing and encoding on the wire are up to the transport. It holds the
 * server's address, so that every attempt goes to the same server.
 *
 * @see docs/protocol/SPEC.md#1-frames
 */
export interface Transport {
  readonly kind: TransportKind;
  /** Maximum size of a packet, in UTF-8 bytes. */
  readonly maxSendBytes: number;
  /** Maximum size of a received packet, in bytes, which a server with the extension is told. Absent: as a v6 client. */
  readonly maxReceiveBytes?: number;
  /**
   * Creates the early retransmission of one client, for a lossy transport. Absent for a reliable transport, where
   * packets are lost only together with the link.
   */
  readonly earlyRetransmission?: () => EarlyRetransmission;
  /**
   * Creates the turns of the messages on one link, for a transport that keeps no order. Absent for a transport that does. Used
   * with servers that keep the order in which they get messages, at level 1.
   */
  readonly turns?: <Item>() => Turns<Item>;
  /** Starts to open a link. May call the handler before it returns; reports failure with `closed`. */
  connect(handler: LinkHandler): Link;
}

/** Lets only one item of each key begin; the others wait for their turn, in order. */
export interface Turns<Item> {
  /** Returns whether an item begins now. */
  begin(key: string, item: Item): boolean;
  /** An item has ended, or waits no longer. */
  end(key: string, item: Item): void;
  /** Returns the items that begin now, because those before them have ended. */
  takeNext(): Item[];
}

/** Decides which messages are retransmitted once before the retry policy is due, by fingerprint. */
export interface EarlyRetransmission {
  /** When `collectDue` must be called next. */
  readonly nextDeadline: Instant;
  /** Adds a round-trip time to the server or to a receiver, in milliseconds. */
  measured(ms: number): void;
  /** The message was written for the first time. */
  add(fingerprint: string, now: Instant): void;
  /** The message was acknowledged or given up. */
  remove(fingerprint: string): void;
  /** A new link is up, to which all messages are written. */
  clear(): void;
  /** Returns the messages to retransmit now, each of them once. */
  collectDue(now: Instant): readonly string[];
}
