import type { TransportKind } from '@imcore/protocol';

/** The events of a client's connection. Nothing is called after `closed`. */
export interface PeerEvents {
  /** A packet's text, and the whole frame where the transport has one. */
  frame(body: string, wholeFrame?: Uint8Array): void;
  /** The payload of a WebSocket close frame, as hexadecimal digits. */
  closeFrame(hex: string): void;
  /** The server has ended or never accepted the connection. */
  closed(): void;
}

/** A client's connection. What is sent after the end is ignored. */
export interface Peer {
  send(body: string): void;
  /** Sends bytes as they are. On streams. */
  sendRaw(bytes: Uint8Array): void;
  close(): void;
}

/** Connects clients to a server. */
export interface Stage {
  /** `connection`: its name in the recording. */
  connect(transport: TransportKind, events: PeerEvents, connection: string): Promise<Peer>;
}
