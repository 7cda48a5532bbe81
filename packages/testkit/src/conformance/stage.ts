import type { TransportKind } from '@imcore/protocol';

/** What a client's end of a connection hears. Nothing after `closed`. */
export interface PeerEvents {
  /** A packet's text; with the bytes around it where the transport has any. */
  frame(body: string, wholeFrame?: Uint8Array): void;
  /** The payload of a WebSocket close frame, as hexadecimal digits. */
  closeFrame(hex: string): void;
  /** The server has ended the connection, or never took it. */
  closed(): void;
}

/** A client's end of one connection. What is sent after the end goes nowhere. */
export interface Peer {
  send(body: string): void;
  /** Sends these bytes as they are, where the transport is a stream. */
  sendRaw(bytes: Uint8Array): void;
  close(): void;
}

/** Where clients connect to a server. */
export interface Stage {
  connect(transport: TransportKind, events: PeerEvents): Promise<Peer>;
}
