import { decodeFrameBody, decodePacket, type Packet, PacketType, ProtocolError } from '@imcore/protocol';

/** The packet of a frame; `undefined` for one that cannot be decoded. */
export function peek(text: string): Packet | undefined {
  return readable(() => decodePacket(text));
}

/** {@link peek} for the frame bodies of a transport. */
export function peekBody(body: string): Packet | undefined {
  return readable(() => decodeFrameBody(body));
}

/** The fingerprint of a message that asks for an acknowledgement. */
export function dataFingerprint(packet: Packet | undefined): string | undefined {
  return packet?.type === PacketType.Data && packet.QoS ? packet.fp : undefined;
}

/** The fingerprint that an acknowledgement names. */
export function acknowledgedFingerprint(packet: Packet | undefined): string | undefined {
  return packet?.type === PacketType.Acknowledgement ? packet.dataContent : undefined;
}

function readable(read: () => Packet): Packet | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
