import type { BinaryString } from '@imcore/protocol';

/**
 * What became of a message that the other system sent.
 *
 * - `taken`: somebody on this side is responsible for it, or it was taken before: the broker may forget it.
 * - `refused`: it cannot be handled, now or later. It belongs to the dead letters, with code and reason.
 * - `later`: nobody can take it now, as the store fails or the server closes. The broker keeps it; it is to be handed
 *   in again.
 */
export type BridgeVerdict =
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'refused'; readonly code: string; readonly reason: string }
  | { readonly outcome: 'later' };

/** What a bridge finds at this server. */
export interface BridgeHost {
  /** Takes the text of one packet. A bridge hands texts in in the order of its queue and waits for none. Never rejects. */
  receive(text: string): Promise<BridgeVerdict>;
  /** From now on the broker takes what is published, and is read from. */
  joined(): void;
  /** The broker cannot be reached or used; the bridge goes on trying by itself. Told once until it has joined again. */
  away(error: Error): void;
  /** Something is wrong, though the bridge works: a queue is not as it should be, a dead letter could not be kept. */
  troubled(error: Error): void;
}

/** A packet on its way to the other system. */
export interface BridgeMessage {
  /** The packet's text, as UTF-8 bytes. */
  readonly body: BinaryString;
  /** Whether it has a fingerprint, so that a second copy does no harm. What has none is published once or not at all. */
  readonly isRepeatable: boolean;
  /**
   * Whether it may wait in the bridge while the broker is away, and be published again when its fate is unknown. If
   * not, `publish` rejects as soon as the broker is away: somebody else keeps it.
   */
  readonly mayWait: boolean;
}

/**
 * Joins the users of this server with those of another system.
 *
 * @see docs/protocol/SPEC.md#9-the-bridge-to-mobileimsdk-web
 * @see docs/adr/0008-what-waits-for-the-bridge.md
 */
export interface Bridge {
  /** Begins to join. Resolves without a broker too: the bridge then joins by itself as soon as there is one. */
  start(host: BridgeHost): Promise<void>;
  /**
   * Hands a packet over, behind all that were published before. Resolves when the broker is responsible for it.
   *
   * @throws BridgeError the broker has not got it, or its fate is unknown: see the code
   */
  publish(message: BridgeMessage): Promise<void>;
  /**
   * Takes nothing more in, gives what was handed in without a verdict back to the broker, and rejects what it has
   * not published. A second call waits for the end of the first.
   */
  close(): Promise<void>;
}
