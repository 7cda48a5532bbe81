import { decodeUtf8, encodeUtf8 } from '@imcore/protocol';

/** A packet as it is on the wire: absent strings are missing, never null. */
export interface WirePacket {
  readonly bridge: boolean;
  readonly type: number;
  readonly dataContent?: string;
  readonly from?: string;
  readonly to?: string;
  readonly fp?: string;
  readonly QoS: boolean;
  readonly typeu: number;
  readonly sm: number;
  readonly x?: Readonly<Record<string, unknown>>;
}

/**
 * A packet's text as the original clients write it: fields in the wire's order, the given ones over `bridge: false`,
 * `QoS: false`, `typeu: -1`, `sm: -1`.
 */
export function wire(fields: Partial<WirePacket> & { readonly type: number }): string {
  const { bridge = false, type, dataContent, from, to, fp, QoS = false, typeu = -1, sm = -1, x } = fields;
  return JSON.stringify({ bridge, type, dataContent, from, to, fp, QoS, typeu, sm, x });
}

export interface LoginFields {
  readonly loginToken?: string;
  readonly extra?: string;
  readonly firstLoginTime?: number;
  readonly x?: unknown;
}

export function login(userId: string, fields: LoginFields = {}): string {
  const content = { loginUserId: userId, firstLoginTime: 0, ...fields };
  return wire({ type: 0, dataContent: JSON.stringify(content), from: userId, to: '0' });
}

export function keepAlive(userId: string): string {
  return wire({ type: 1, dataContent: '{}', from: userId, to: '0' });
}

export function logout(userId: string): string {
  return wire({ type: 3, from: userId, to: '0' });
}

/** A QoS message. */
export function message(from: string, to: string, content: string, fp: string): string {
  return wire({ type: 2, dataContent: content, from, to, fp, QoS: true });
}

/** A message without QoS. */
export function plainMessage(from: string, to: string, content: string): string {
  return wire({ type: 2, dataContent: content, from, to });
}

/** `from` has received what `to` sent under this fingerprint. */
export function acknowledgement(from: string, to: string, fp: string): string {
  return wire({ type: 4, dataContent: fp, from, to });
}

/** The bytes of a packet's text. */
export function toBody(text: string): string {
  return encodeUtf8(text);
}

/** What a frame body holds. */
export function fromBody(body: string): WirePacket {
  return JSON.parse(decodeUtf8(body)) as WirePacket;
}
