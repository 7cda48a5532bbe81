import type { BinaryString } from '@imcore/protocol';
import { WorkerError } from '../errors.js';
import { TRANSPORTS, type TransportName } from './control.js';
import { readUint32, uint32 } from './records.js';

/** The number of a file descriptor that is not known. */
const NO_DESCRIPTOR = 0xffffffff;

/** What a worker reports of a socket. */
interface SocketFields {
  readonly transport: TransportName;
  readonly fileDescriptor: number | undefined;
  readonly remotePort: number;
  readonly remoteAddress: string;
}

/** What a worker reports of a connection. */
export interface ConnectionFields {
  readonly transport: TransportName;
  readonly isReliable: boolean;
  readonly canPause: boolean;
  /** Whether it has an `AddressProof`. */
  readonly mustProve: boolean;
  readonly maxSendBytes: number;
  readonly remotePort: number;
  readonly remoteAddress: string;
}

/** An address and a port. */
export interface Endpoint {
  readonly remotePort: number;
  readonly remoteAddress: string;
}

/** Body of `Moved`: port (4 bytes), address. */
export function encodeEndpoint({ remotePort, remoteAddress }: Endpoint): BinaryString {
  return uint32(remotePort) + remoteAddress;
}

export function decodeEndpoint(bytes: Buffer, start: number, end: number): Endpoint {
  checkLength(end - start, 4);
  return { remotePort: readUint32(bytes, start), remoteAddress: bytes.toString('latin1', start + 4, end) };
}

/** Body of `Admitted`: index of the transport (1 byte), file descriptor (4), endpoint. */
export function encodeSocket(fields: SocketFields): BinaryString {
  const transport = String.fromCharCode(TRANSPORTS.indexOf(fields.transport));
  return transport + uint32(fields.fileDescriptor ?? NO_DESCRIPTOR) + encodeEndpoint(fields);
}

export function decodeSocket(bytes: Buffer, start: number, end: number): SocketFields {
  checkLength(end - start, 9);
  const fileDescriptor = readUint32(bytes, start + 1);
  return {
    transport: transportAt(bytes, start),
    fileDescriptor: fileDescriptor === NO_DESCRIPTOR ? undefined : fileDescriptor,
    ...decodeEndpoint(bytes, start + 5, end),
  };
}

const RELIABLE = 1;
const CAN_PAUSE = 2;
const MUST_PROVE = 4;

/** Body of `Opened`: index of the transport (1 byte), flags (1), maximum size of a sent body (4), endpoint. */
export function encodeConnection(fields: ConnectionFields): BinaryString {
  const flags =
    (fields.isReliable ? RELIABLE : 0) |
    (fields.canPause ? CAN_PAUSE : 0) |
    (fields.mustProve ? MUST_PROVE : 0);
  const transport = TRANSPORTS.indexOf(fields.transport);
  return String.fromCharCode(transport, flags) + uint32(fields.maxSendBytes) + encodeEndpoint(fields);
}

export function decodeConnection(bytes: Buffer, start: number, end: number): ConnectionFields {
  checkLength(end - start, 10);
  const flags = bytes[start + 1] ?? 0;
  return {
    transport: transportAt(bytes, start),
    isReliable: (flags & RELIABLE) !== 0,
    canPause: (flags & CAN_PAUSE) !== 0,
    mustProve: (flags & MUST_PROVE) !== 0,
    maxSendBytes: readUint32(bytes, start + 2),
    ...decodeEndpoint(bytes, start + 6, end),
  };
}

/** @throws WorkerError `ERR_WORKER_LINK` if there are less than `least` bytes. */
export function checkLength(length: number, least: number): void {
  if (length < least)
    throw new WorkerError('ERR_WORKER_LINK', `a record has ${length} bytes, it must have ${least} or more`);
}

function transportAt(bytes: Buffer, at: number): TransportName {
  const transport = TRANSPORTS[bytes[at] ?? 0];
  if (transport === undefined)
    throw new WorkerError('ERR_WORKER_LINK', `a record names the transport ${bytes[at]}`);
  return transport;
}
