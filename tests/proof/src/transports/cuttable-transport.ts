import type { Link, Transport } from '@imcore/client/node';

/** A transport whose links can be cut, as when a phone leaves a network: neither side is told, and nothing more passes. */
export class CuttableTransport {
  readonly transport: Transport;
  #isCut = false;
  /** Links that the client has closed after the cut. */
  readonly #left: Link[] = [];

  constructor(inner: Transport) {
    this.transport = {
      ...inner,
      connect: (handler) => {
        const link = inner.connect({
          opened: () => this.#isCut || handler.opened(),
          received: (frame) => this.#isCut || handler.received(frame),
          closed: (error) => this.#isCut || handler.closed(error),
        });
        return {
          get bufferedBytes() {
            return link.bufferedBytes;
          },
          send: (frame) => this.#isCut || link.send(frame),
          close: () => (this.#isCut ? void this.#left.push(link) : link.close()),
        };
      },
    };
  }

  cut(): void {
    this.#isCut = true;
  }

  /** Closes what the client has closed after the cut. */
  clear(): void {
    for (const link of this.#left.splice(0)) link.close();
  }
}
