import { LinkError } from './errors.js';
import type { Link, LinkHandler, Transport } from './transport.js';

/** The current link of a client. Events of closed links are ignored. */
export class LinkHolder {
  readonly #transport: Transport;
  readonly #handler: LinkHandler;
  #link: Link | undefined;
  /** Number of the current link, so that late events of an earlier one are ignored. */
  #number = 0;

  constructor(transport: Transport, handler: LinkHandler) {
    this.#transport = transport;
    this.#handler = handler;
  }

  /** Bytes that were passed to the link and are not sent yet. */
  get bufferedBytes(): number {
    return this.#link?.bufferedBytes ?? 0;
  }

  /** Starts to open a new link. If the transport throws, the link is reported as closed. */
  open(): void {
    this.close();
    const number = this.#number;
    const handler = this.#handler;
    const isCurrent = (): boolean => number === this.#number;
    try {
      const link = this.#transport.connect({
        opened: () => isCurrent() && handler.opened(),
        received: (frame) => isCurrent() && handler.received(frame),
        closed: (error) => isCurrent() && handler.closed(error),
      });
      if (isCurrent()) this.#link = link;
      else link.close();
    } catch (cause) {
      handler.closed(new LinkError('ERR_LINK_FAILED', 'the transport threw while connecting', { cause }));
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
