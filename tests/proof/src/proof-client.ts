import {
  type ClientOptions,
  createClient,
  type ImClient,
  silentLogger,
  type Transport,
  tcp,
  udp,
  websocket,
} from '@imcore/client/node';
import type { Ports } from './server-process.js';

export type Kind = 'tcp' | 'udp' | 'ws';

export const KINDS: readonly Kind[] = ['tcp', 'udp', 'ws'];

/** Unacknowledged messages of a sender at a time. On UDP one, since only that preserves the order. */
export const WINDOW: Readonly<Record<Kind, number>> = { tcp: 32, ws: 32, udp: 1 };

/** What differs between the clients of a proof. */
interface ProofClientOptions extends Pick<ClientOptions, 'outbox' | 'device'> {
  /** Instead of the normal one. */
  readonly transport?: Transport;
}

/** A client that retries for a long time, for a server that is often down. */
export function proofClient(
  kind: Kind,
  ports: Ports,
  { outbox, device, transport = transportOf(kind, ports) }: ProofClientOptions = {},
): ImClient {
  return createClient({
    transport,
    senseMode: 3,
    backoff: { minMs: 20, initialMs: 50, maxMs: 300 },
    retry: { waitMs: 1000, retries: 1000 },
    loginTimeoutMs: 1000,
    sendTimeoutMs: 120_000,
    connectTimeoutMs: 120_000,
    logger: silentLogger,
    outbox,
    device,
  });
}

export function transportOf(kind: Kind, ports: Ports): Transport {
  const host = '127.0.0.1';
  if (kind === 'tcp') return tcp({ host, port: ports.tcp });
  if (kind === 'udp') return udp({ host, port: ports.udp });
  return websocket({ url: `ws://${host}:${ports.ws}/websocket` });
}
