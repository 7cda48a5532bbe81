import type { Link, LinkHandler, Transport } from '@imcore/client';
import { type BinaryString, decodeUtf8, encodeUtf8, type TransportKind } from '@imcore/protocol';
import type { SimulatedLink } from '../network/simulated-link.js';
import type { StreamEnd } from '../network/stream-end.js';
import { FrameCutter, frame } from './frames.js';
import { DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_DATAGRAM_SEND_BYTES } from './memory-gateway.js';

export interface MemoryTransportOptions {
  /** The client's way to the server. */
  readonly link: SimulatedLink;
  readonly kind: TransportKind;
  /** Port of the memory gateway of the same transport. */
  readonly port: number;
  /** Largest packet that is sent, in bytes. Default: 1024 on UDP, else what the gateway takes by default. */
  readonly maxSendBytes?: number;
}

/** A client's transport over a simulated network. */
export function memoryTransport(options: MemoryTransportOptions): Transport {
  const { link, kind, port } = options;
  const defaultBytes = kind === 'udp' ? DEFAULT_MAX_DATAGRAM_SEND_BYTES : DEFAULT_MAX_BODY_BYTES[kind];
  return {
    kind,
    maxSendBytes: options.maxSendBytes ?? defaultBytes,
    connect: (handler) =>
      kind === 'udp'
        ? openDatagrams(link, port, handler)
        : openStream(link.connectStream(port), DEFAULT_MAX_BODY_BYTES[kind], handler),
  };
}

/** A socket for datagrams is open at once; whether anybody hears it, only answers tell. */
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
  let violation: Error | undefined;
  const receive = (body: BinaryString): boolean => {
    handler.received(decodeUtf8(body));
    return !end.isClosed;
  };
  end.attach({
    opened: () => handler.opened(),
    data: (bytes) => {
      violation = cutter.push(bytes, receive) ?? violation;
      if (violation !== undefined) end.destroy();
    },
    drained() {},
    closed: () => handler.closed(violation),
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
