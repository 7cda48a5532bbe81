import { encodePacket } from '../encode.js';
import { UNSET_NUMBER } from '../packet.js';

/** Who a packet of the extension is from and to. */
export interface Envelope {
  readonly from: string;
  readonly to: string;
  /** Server time, -1 if the server does not set it. Default: -1. */
  readonly sm?: number;
}

/** Encodes a packet that has only a type and the member `x`. */
export function encodeExtension(type: number, x: object, { from, to, sm = UNSET_NUMBER }: Envelope): string {
  const base = encodePacket({
    type,
    dataContent: undefined,
    from,
    to,
    fp: undefined,
    QoS: false,
    typeu: UNSET_NUMBER,
    bridge: false,
    sm,
  });
  return withExtension(base, JSON.stringify(x));
}

/**
 * Adds the member `x` to a frame that has none: the last `}` is replaced. Both arguments are texts, or both are UTF-8 bytes,
 * as are texts without other characters than ASCII. `frame` must be what {@link encodePacket} writes, as the frame bodies in
 * stores are: anything else, for example with white space at the end, yields an invalid frame.
 */
export function withExtension(frame: string, x: string): string {
  return `${frame.slice(0, -1)},"x":${x}}`;
}
