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

/** Default of the largest frame body that each transport accepts, in bytes. */
export const DEFAULT_MAX_BODY_BYTES: Readonly<Record<TransportKind, number>> = {
  tcp: DEFAULT_MAX_TCP_BODY_BYTES,
  websocket: 65_536,
  udp: 2048,
};

/** Largest datagram that all original clients can read, in bytes. */
export const DEFAULT_MAX_DATAGRAM_SEND_BYTES = 1024;

/** Options of {@link memoryServerTransport}. */
export interface MemoryServerTransportOptions {
  readonly network: SimulatedNetwork;
  readonly transport: TransportKind;
  /** Port of the simulated server. Default 0: a free one. */
  readonly port?: number;
  /** Read timeout in milliseconds. Default: that of the transport's default sense mode. */
  readonly readTimeoutMs?: number;
  /** Largest body that is accepted, in bytes. Default: that of the real transport. */
  readonly maxBodyBytes?: number;
  /** Largest datagram that is sent, in bytes. Default 1024. On streams `maxBodyBytes` applies. */
  readonly maxSendBytes?: number;
}

/**
 * A server's transport over a simulated network.
 *
 * TCP and WebSocket are both simulated as streams of frames, each with its length in front.
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
