import type tls from 'node:tls';
import type { TcpOptions, TransportAddress, UdpOptions, WebSocketOptions } from '@imcore/server';
import { WorkerError } from '../errors.js';

/** Options of the transports in a worker. A transport that is absent does not run there. */
export interface WorkerTransports {
  readonly tcp?: TcpOptions | undefined;
  readonly websocket?: WebSocketOptions | undefined;
  readonly udp?: UdpOptions | undefined;
}

/** The transports of workers. A record names one by its index here. */
export const TRANSPORTS = ['tcp', 'websocket', 'udp'] as const;

/** One of {@link TRANSPORTS}. */
export type TransportName = (typeof TRANSPORTS)[number];

/** What the core tells a worker. */
export type CoreControl =
  | {
      readonly type: 'start';
      readonly transports: WorkerTransports;
      readonly trustedProxies: readonly string[] | undefined;
    }
  | { readonly type: 'stopAccepting'; readonly transport: TransportName }
  | { readonly type: 'reloadTls'; readonly tls: tls.SecureContextOptions }
  /** Close all connections, then the link. */
  | { readonly type: 'close' };

/** A failure in another process. */
export interface ReportedFailure {
  readonly message: string;
  /** Code, address and port of a system error. */
  readonly code?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** What a worker tells the core. */
export type WorkerControl =
  /** All transports accept peers. */
  | { readonly type: 'listening'; readonly addresses: readonly TransportAddress[] }
  /** A transport cannot listen. */
  | { readonly type: 'notListening'; readonly failure: ReportedFailure }
  | { readonly type: 'failed'; readonly failure: ReportedFailure }
  | {
      readonly type: 'proxyHeaderRejected';
      readonly transport: TransportName;
      readonly remoteAddress: string;
      readonly reason: string;
    };

/** Encodes a control message as JSON of ASCII characters. {@link decodeControl} converts buffers back. */
export function encodeControl(control: CoreControl | WorkerControl): string {
  return JSON.stringify(control, replaceBuffer).replace(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** @throws WorkerError `ERR_WORKER_LINK` if it is not JSON with a `type`. */
export function decodeControl<Control extends CoreControl | WorkerControl>(json: string): Control {
  let control: unknown;
  try {
    control = JSON.parse(json, reviveBuffer);
  } catch (cause) {
    throw new WorkerError('ERR_WORKER_LINK', 'a control record is not JSON', { cause });
  }
  if (typeof control !== 'object' || control === null || !('type' in control))
    throw new WorkerError('ERR_WORKER_LINK', 'a control record has no type');
  // Both ends are the same version of this package.
  return control as Control;
}

/** The value is already converted by the buffer's own `toJSON`; the object that holds it is `this`. */
function replaceBuffer(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const given = this[name];
  return Buffer.isBuffer(given) ? { base64: given.toString('base64') } : value;
}

function reviveBuffer(_name: string, value: unknown): unknown {
  const isBuffer = typeof value === 'object' && value !== null && 'base64' in value;
  return isBuffer && typeof value.base64 === 'string' ? Buffer.from(value.base64, 'base64') : value;
}

/** Describes an error for the other process. */
export function describeFailure(error: unknown): ReportedFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, code, address, port } = error as NodeJS.ErrnoException & ReportedFailure;
  return { message, code, address, port };
}
