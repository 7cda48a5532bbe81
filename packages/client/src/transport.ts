import type { Instant, TransportKind } from '@imcore/protocol';

/** What a client does with a link. Nothing else is called after `closed`. */
export interface LinkHandler {
  /** The link can carry frames now, TLS and handshakes included. */
  opened(): void;
  /** One whole packet, as text. */
  received(frame: string): void;
  /** The link is gone or never came to be, whoever ended it. `error` is absent when the peer ended it in order. */
  closed(error?: Error): void;
}

/** One connection to the server, or the try to get one. */
export interface Link {
  /** Bytes taken by {@link send} that have not left the process yet. */
  readonly bufferedBytes: number;
  /** Takes one whole packet, as text, after `opened`. Never throws: a link that cannot write any more reports `closed`. */
  send(frame: string): void;
  /**
   * Ends the link after what was sent has left, or soon after where the peer takes nothing. The caller listens no
   * longer: whether `closed` is still reported makes no difference.
   */
  close(): void;
}

/**
 * Carries packets between this client and one server.
 *
 * Takes and gives whole packets as text; how they are cut and encoded on the wire is the transport's affair. It
 * holds the address, so that every try goes to the same server.
 *
 * @see docs/protocol/SPEC.md#1-frames
 */
export interface Transport {
  readonly kind: TransportKind;
  /** Largest packet that can be sent, in UTF-8 bytes. */
  readonly maxSendBytes: number;
  /**
   * Decides which messages are written again before it is the retry policy's turn, for one client. Absent where a
   * packet that was written arrives unless the link dies.
   */
  readonly earlyRetransmission?: () => EarlyRetransmission;
  /** Begins to open a link. May call the handler before it returns; reports failure with `closed`. */
  connect(handler: LinkHandler): Link;
}

/** Messages that may have been lost on their way, by fingerprint. */
export interface EarlyRetransmission {
  readonly nextDeadline: Instant;
  /** A round trip to the server, or to a receiver and back, took so many milliseconds. */
  measured(ms: number): void;
  /** The first copy was written. */
  add(fingerprint: string, now: Instant): void;
  /** It was acknowledged or given up. */
  remove(fingerprint: string): void;
  /** There is another link: all will be written again. */
  clear(): void;
  /** Those to write again now. Each comes once. */
  collectDue(now: Instant): readonly string[];
}
