/**
 * Packet types. 0–5 go to the server (2 and 4 in both directions), 50–54 go to the client.
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

/** The reserved user id of the server. */
export const SERVER_ID = '0';

/** The reserved user id for "no user", for example in a response before the login. */
export const UNSET_ID = '-1';

/** The value of `typeu` and `sm` that means "none". */
export const UNSET_NUMBER = -1;

/** Maximum length of user ids and fingerprints, in UTF-16 code units. */
export const MAX_ID_LENGTH = 256;

/**
 * A packet, with the field names of the wire.
 *
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export interface Packet {
  /** One of {@link PacketType}, or an unknown type. */
  readonly type: number;
  /** The message text; JSON in control packets; the fingerprint in an acknowledgement. */
  readonly dataContent: string | undefined;
  /** Sender's user id. */
  readonly from: string | undefined;
  /** Receiver's user id. */
  readonly to: string | undefined;
  /** Fingerprint: the id that the sender chose, unique per sender. */
  readonly fp: string | undefined;
  /** Whether the receiver must acknowledge the packet. */
  readonly QoS: boolean;
  /** The application's own message type, 32 bits, -1 for none. */
  readonly typeu: number;
  /** Whether the packet came over the bridge to other systems. */
  readonly bridge: boolean;
  /** Server time in milliseconds since 1970, -1 if the server does not set it. */
  readonly sm: number;
  /**
   * Member `x` of the extension as received, any JSON value, not validated; undefined if absent. It concerns the two ends of a
   * session only: {@link encodePacket} does not write it, and it is never forwarded.
   *
   * @see docs/protocol/SPEC.md#12-the-extension
   */
  readonly x?: unknown;
}

/**
 * A lone surrogate has no UTF-8 encoding, so a store or another node would see a different id. With the flag `u`,
 * surrogate pairs do not match. `\p{Surrogate}` is equivalent, but React Native up to 0.74 does not support it.
 */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Returns whether a text has no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/**
 * Returns whether `id` is a valid user id: not empty, at most {@link MAX_ID_LENGTH} characters, well-formed Unicode, and
 * not one of the reserved ids `"0"` and `"-1"`.
 */
export function isUserId(id: string | undefined): id is string {
  if (id === undefined || id.length === 0 || id.length > MAX_ID_LENGTH) return false;
  return id !== SERVER_ID && id !== UNSET_ID && isWellFormed(id);
}
