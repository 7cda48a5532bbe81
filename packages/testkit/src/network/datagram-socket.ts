import type { BinaryString } from '@imcore/protocol';

/** A client's socket for datagrams to one port of the server. */
export class DatagramSocket {
  readonly #send: (socket: DatagramSocket, bytes: BinaryString) => void;
  readonly #onClosed: (socket: DatagramSocket) => void;
  readonly #receive: (bytes: BinaryString) => void;
  /** The port that the server sees. {@link SimulatedLink.rebind} changes it. */
  port: number;
  readonly serverPort: number;
  #isClosed = false;

  constructor(
    ports: { readonly port: number; readonly serverPort: number },
    send: (socket: DatagramSocket, bytes: BinaryString) => void,
    receive: (bytes: BinaryString) => void,
    onClosed: (socket: DatagramSocket) => void,
  ) {
    this.port = ports.port;
    this.serverPort = ports.serverPort;
    this.#send = send;
    this.#receive = receive;
    this.#onClosed = onClosed;
  }

  send(bytes: BinaryString): void {
    if (!this.#isClosed) this.#send(this, bytes);
  }

  /** Passes on a datagram that has arrived; ignored after {@link close}. */
  arrive(bytes: BinaryString): void {
    if (!this.#isClosed) this.#receive(bytes);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClosed(this);
  }
}
