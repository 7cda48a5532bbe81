import type { Packet } from '@imcore/protocol';

/** What a bridge does with what comes in. Resolves when this server is responsible, or has disposed of it. */
export type BridgeReceiver = (packet: Packet) => Promise<void>;

/**
 * Joins the users of this server with those of another system.
 *
 * @see docs/protocol/SPEC.md#9-the-bridge-to-mobileimsdk-web
 */
export interface Bridge {
  /** Begins to hand in what the other system sends. */
  start(receive: BridgeReceiver): Promise<void>;
  /** Hands a packet over. Resolves when the other side's broker is responsible for it, rejects otherwise. */
  publish(packet: Packet): Promise<void>;
  close(): Promise<void>;
}
