import type { Clock, TcpOptions, UdpOptions, WebSocketOptions } from '@imcore/server';
import type { WorkerError } from './errors.js';

/** Options of `workers`. All options of transports must be data: they are sent to other processes. */
export interface WorkersOptions {
  /** Number of worker processes, 1 to 64. */
  readonly count: number;
  /** Options of `tcp`. Default: no TCP. */
  readonly tcp?: TcpOptions | undefined;
  /** Options of `websocket`, without `server`. Default: no WebSocket. */
  readonly websocket?: Omit<WebSocketOptions, 'server'> | undefined;
  /**
   * Options of `udp`. Default: no UDP. All workers have it from Node 22.12 and 23.1 on, on Linux and FreeBSD. Elsewhere a UDP port
   * cannot be shared so that peers stay with one process: there worker 1 alone has it.
   */
  readonly udp?: UdpOptions | undefined;
  /** The option of `createServer`, with the same value. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Called when a worker listens, and when it was lost. */
  readonly onWorker?: ((event: WorkerEvent) => void) | undefined;
  /** Default: the clock of the system. */
  readonly clock?: Clock | undefined;
}

/** A change of a worker. */
export type WorkerEvent =
  | {
      /** From 1 on. */
      readonly worker: number;
      readonly pid: number | undefined;
      readonly state: 'listening';
      readonly error: undefined;
    }
  /** It has ended, and with it its connections. It is started again after 1 s, or later if it ends again soon. */
  | { readonly worker: number; readonly pid: undefined; readonly state: 'lost'; readonly error: WorkerError };
