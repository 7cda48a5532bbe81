import { LinkError } from './errors.js';
import type { Link, LinkHandler, Transport } from './transport.js';

/** The one link that a client has at a time. What a link reports after it was closed is not passed on. */
export class LinkHolder {
  readonly #transport: Transport;
  readonly #handler: LinkHandler;
  #link: Link | undefined;
  /** Counts links, so that what an old one reports late is not taken for the present one's. */
  #number = 0;

  constructor(transport: Transport, handler: LinkHandler) {
    this.#transport = transport;
    this.#handler = handler;
  }

  /** Bytes that the link has not got rid of yet. */
  get bufferedBytes(): number {
    return this.#link?.bufferedBytes ?? 0;
  }

  /** Begins to open a new link. A transport that throws counts as one that reports failure. */
  open(): void {
    this.close();
    const number = this.#number;
    const handler = this.#handler;
    const isPresent = (): boolean => number === this.#number;
    try {
      const link = this.#transport.connect({
        opened: () => isPresent() && handler.opened(),
        received: (frame) => isPresent() && handler.received(frame),
        closed: (error) => isPresent() && handler.closed(error),
      });
      if (isPresent()) this.#link = link;
      else link.close();
    } catch (cause) {
      handler.closed(new LinkError('ERR_LINK_FAILED', 'the transport could not begin to connect', { cause }));
    }
  }

  send(frame: string): void {
    this.#link?.send(frame);
  }

  close(): void {
    this.#number += 1;
    const link = this.#link;
    this.#link = undefined;
    link?.close();
  }
}
