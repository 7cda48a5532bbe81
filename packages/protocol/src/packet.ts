/**
 * Kinds of packet. 0–5 go to the server (2 and 4 both ways), 50–54 to the client.
 *
 * @see docs/protocol/SPEC.md#3-packet-types
 */
export const PacketType = {
  Login: 0,
  KeepAlive: 1,
  Data: 2,
  Logout: 3,
  Acknowledgement: 4,
  Echo: 5,
  LoginResponse: 50,
  KeepAliveResponse: 51,
  ErrorResponse: 52,
  EchoResponse: 53,
  KickOut: 54,
} as const;

/** The user id that stands for the server. */
export const SERVER_ID = '0';

/** The user id that stands for nobody: written where a packet has no addressee yet. */
export const UNSET_ID = '-1';

/** The value of `typeu` and `sm` that means "none". */
export const UNSET_NUMBER = -1;

/** Longest user id and fingerprint that are accepted, in UTF-16 units. */
export const MAX_ID_LENGTH = 256;

/**
 * The unit of the protocol, with the field names of the wire.
 *
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export interface Packet {
  /** One of {@link PacketType}, or a number that this version does not know. */
  readonly type: number;
  /** User text, a JSON text for control packets, a fingerprint for an acknowledgement. */
  readonly dataContent: string | undefined;
  /** Sender's user id. */
  readonly from: string | undefined;
  /** Receiver's user id. */
  readonly to: string | undefined;
  /** Fingerprint: the packet's unique id, chosen by the sender. */
  readonly fp: string | undefined;
  /** Whether the receiver must acknowledge. */
  readonly QoS: boolean;
  /** The application's own message type, 32 bits, -1 for none. */
  readonly typeu: number;
  /** Whether the packet came over the bridge to other systems. */
  readonly bridge: boolean;
  /** Server time in milliseconds since 1970, -1 where the server does not stamp. */
  readonly sm: number;
}

/**
 * Half of a character: it has no UTF-8 form, so a store or another node would see a different id. With the flag whole
 * ones do not match; `\p{Surrogate}` would say the same, and React Native up to 0.74 does not load it.
 */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/**
 * Tells whether a user can have this id: not empty, at most {@link MAX_ID_LENGTH} characters, well-formed text, not
 * the server's `"0"`, not the unset `"-1"`.
 */
export function isUserId(id: string | undefined): id is string {
  if (id === undefined || id.length === 0 || id.length > MAX_ID_LENGTH) return false;
  return id !== SERVER_ID && id !== UNSET_ID && !LONE_SURROGATE.test(id);
}
