import { type Link, LinkError, type LinkHandler, type Transport } from '@imcore/client';
import { EarlyCopies, SendTurns } from '@imcore/client/node';
import { type BinaryString, decodeUtf8, encodeUtf8, type TransportKind } from '@imcore/protocol';
import type { SimulatedLink } from '../network/simulated-link.js';
import type { StreamEnd } from '../network/stream-end.js';
import { FrameCutter, frame } from './frames.js';
import { DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_DATAGRAM_SEND_BYTES } from './memory-server-transport.js';

/** Options of {@link memoryTransport}. */
export interface MemoryTransportOptions {
  /** The client's link to the server. */
  readonly link: SimulatedLink;
  readonly kind: TransportKind;
  /** Port on which the server's memory transport of the same kind listens. */
  readonly port: number;
  /** Largest packet that is sent, in bytes. Default: 1024 on UDP, else what the transport takes by default. */
  readonly maxSendBytes?: number;
}

/** A client's transport over a simulated network. */
export function memoryTransport(options: MemoryTransportOptions): Transport {
  const { link, kind, port } = options;
  const defaultBytes = kind === 'udp' ? DEFAULT_MAX_DATAGRAM_SEND_BYTES : DEFAULT_MAX_BODY_BYTES[kind];
  return {
    kind,
    maxSendBytes: options.maxSendBytes ?? defaultBytes,
    ...(kind === 'udp' && { earlyRetransmission: () => new EarlyCopies(), turns: () => new SendTurns() }),
    connect: (handler) =>
      kind === 'udp'
        ? openDatagrams(link, port, handler)
        : openStream(link.connectStream(port), DEFAULT_MAX_BODY_BYTES[kind], handler),
  };
}

/** A socket for datagrams is open at once, whether or not a server listens. */
function openDatagrams(link: SimulatedLink, port: number, handler: LinkHandler): Link {
  const socket = link.openDatagrams(port, (bytes) => handler.received(decodeUtf8(bytes)));
  handler.opened();
  return {
    bufferedBytes: 0,
    send: (text) => socket.send(encodeUtf8(text)),
    close: () => socket.close(),
  };
}

function openStream(end: StreamEnd, maxBodyBytes: number, handler: LinkHandler): Link {
  const cutter = new FrameCutter(maxBodyBytes);
  // Until the stream is open, its end means that no server listens on the port.
  let error: Error | undefined = new LinkError('ERR_LINK_FAILED', 'no server listens on that port');
  const receive = (body: BinaryString): boolean => {
    handler.received(decodeUtf8(body));
    return !end.isClosed;
  };
  end.attach({
    opened: () => {
      error = undefined;
      handler.opened();
    },
    data: (bytes) => {
      error = cutter.push(bytes, receive) ?? error;
      if (error !== undefined) end.destroy();
    },
    drained() {},
    closed: () => handler.closed(error),
  });
  return {
    get bufferedBytes() {
      return end.bufferedBytes;
    },
    send: (text) => {
      end.write(frame(encodeUtf8(text)));
    },
    close: () => end.end(),
  };
}
