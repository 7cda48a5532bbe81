import {
  DEFAULT_MAX_TCP_BODY_BYTES,
  DEFAULT_SENSE_MODE,
  senseTimes,
  type TransportKind,
} from '@imcore/protocol';
import type { ServerTransport } from '@imcore/server/ports';
import type { SimulatedNetwork } from '../network/simulated-network.js';
import { MemoryDatagramTransport } from './memory-datagram-transport.js';
import { MemoryStreamTransport } from './memory-stream-transport.js';

/** Largest frame body each transport takes, in bytes, where no other is set. */
export const DEFAULT_MAX_BODY_BYTES: Readonly<Record<TransportKind, number>> = {
  tcp: DEFAULT_MAX_TCP_BODY_BYTES,
  websocket: 65_536,
  udp: 2048,
};

/** Largest datagram that every client in the field reads whole, in bytes. */
export const DEFAULT_MAX_DATAGRAM_SEND_BYTES = 1024;

/** Which transport of the real ones this one stands for, and where. */
export interface MemoryServerTransportOptions {
  readonly network: SimulatedNetwork;
  readonly transport: TransportKind;
  /** Port on the simulated server host. Default 0: a free one. */
  readonly port?: number;
  /** Default: that of the transport's default sense mode. In milliseconds. */
  readonly readTimeoutMs?: number;
  /** Largest body that is taken, in bytes. Default: as the real transport of this transport. */
  readonly maxBodyBytes?: number;
  /** Largest datagram that is sent, in bytes; on streams what may be sent is what may be taken. Default 1024. */
  readonly maxSendBytes?: number;
}

/**
 * A transport whose peers live on a simulated network.
 *
 * TCP and WebSocket are both streams of frames with a length before each: what tells them apart on a real wire is
 * the business of the real transports.
 */
export function memoryServerTransport(options: MemoryServerTransportOptions): ServerTransport {
  const { network, transport } = options;
  const settings = {
    port: options.port ?? 0,
    readTimeoutMs:
      options.readTimeoutMs ?? senseTimes(DEFAULT_SENSE_MODE[transport], transport).serverReadTimeoutMs,
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES[transport],
  };
  if (transport !== 'udp') return new MemoryStreamTransport(network, transport, settings);
  const maxSendBytes = options.maxSendBytes ?? DEFAULT_MAX_DATAGRAM_SEND_BYTES;
  return new MemoryDatagramTransport(network, { ...settings, maxSendBytes });
}
