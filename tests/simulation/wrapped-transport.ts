import type { Link, LinkHandler, Transport } from '@imcore/client';

/** Intercepts what passes between a client and one of its links. */
interface Interceptor {
  /** Gets what the client writes; `pass` writes it to the link. */
  send(frame: string, pass: (frame: string) => void): void;
  /** Gets what the server has sent; `pass` passes it to the client. */
  receive(frame: string, pass: (frame: string) => void): void;
}

/** Puts an interceptor into each link of a transport. It gets the link itself for packets of its own. */
export function wrapTransport(
  transport: Transport,
  createInterceptor: (write: (frame: string) => void) => Interceptor,
): Transport {
  return {
    kind: transport.kind,
    maxSendBytes: transport.maxSendBytes,
    connect(handler: LinkHandler): Link {
      const interceptor = createInterceptor((frame) => link.send(frame));
      const link: Link = transport.connect({
        opened: () => handler.opened(),
        received: (frame) => interceptor.receive(frame, (passed) => handler.received(passed)),
        closed: (error) => handler.closed(error),
      });
      return {
        get bufferedBytes() {
          return link.bufferedBytes;
        },
        send: (frame) => interceptor.send(frame, (passed) => link.send(passed)),
        close: () => link.close(),
      };
    },
  };
}
