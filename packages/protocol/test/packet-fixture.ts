import type { Packet } from '../src/packet.js';

/** A packet with every field set and the given changes. */
export function packetWith(fields: Partial<Packet> = {}): Packet {
  return {
    type: 2,
    dataContent: 'hello',
    from: 'alice',
    to: 'bob',
    fp: 'fp-1',
    QoS: true,
    typeu: -1,
    bridge: false,
    sm: -1,
    ...fields,
  };
}

/** The fields of a packet, so that packets of different classes can be compared. */
export function fieldsOf({ type, dataContent, from, to, fp, QoS, typeu, bridge, sm }: Packet): Packet {
  return { type, dataContent, from, to, fp, QoS, typeu, bridge, sm };
}

/** The UTF-8 bytes of a text as a binary string, by the platform's encoder. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Returns the error that a call throws; fails if it does not throw. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
