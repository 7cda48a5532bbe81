import { decodePacket, encodePacket, type Packet, ProtocolError } from '@imcore/protocol';
import type { Bridge, BridgeReceiver } from '@imcore/server/ports';

/** A bridge whose two queues are in this process, in place of a message broker. */
export class MemoryBridge implements Bridge {
  readonly #onPublished: (payload: string) => void;
  #receive: BridgeReceiver | undefined;

  constructor(onPublished: (payload: string) => void) {
    this.#onPublished = onPublished;
  }

  start(receive: BridgeReceiver): Promise<void> {
    this.#receive = receive;
    return Promise.resolve();
  }

  publish(packet: Packet): Promise<void> {
    this.#onPublished(encodePacket(packet));
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#receive = undefined;
    return Promise.resolve();
  }

  /** The other system sends a packet's text. What is no packet is disposed of. Tells whether the server took it. */
  async consume(payload: string): Promise<boolean> {
    let packet: Packet;
    try {
      packet = decodePacket(payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return false;
    }
    if (this.#receive === undefined) return false;
    return await this.#receive(packet).then(
      () => true,
      () => false,
    );
  }
}
