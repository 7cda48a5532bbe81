import type { Link, LinkHandler, Transport } from '@imcore/client';

/** What stands between a client and one of its links. */
interface Interceptor {
  /** Takes what the client writes; `pass` writes it on. */
  send(frame: string, pass: (frame: string) => void): void;
  /** Takes what has come; `pass` hands it to the client. */
  receive(frame: string, pass: (frame: string) => void): void;
}

/** Puts an interceptor of its own into each link of a transport. */
export function wrapTransport(transport: Transport, createInterceptor: () => Interceptor): Transport {
  return {
    kind: transport.kind,
    maxSendBytes: transport.maxSendBytes,
    connect(handler: LinkHandler): Link {
      const interceptor = createInterceptor();
      const link = transport.connect({
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
