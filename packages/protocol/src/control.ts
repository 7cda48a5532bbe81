import { toInteger, toObject, toText } from './coerce.js';
import { ProtocolError } from './errors.js';
import { type Packet, PacketType, SERVER_ID, UNSET_ID, UNSET_NUMBER } from './packet.js';

/** What a client says of itself in a type 0 packet. */
export interface LoginRequest {
  readonly userId: string;
  readonly token: string | undefined;
  /** The application's own text, handed to its verifier. */
  readonly extra: string | undefined;
  /** 0 on the first login of this client's run, then what the server answered to it. Milliseconds since 1970. */
  readonly firstLoginTime: number;
}

/** What the server answers in a type 50 packet. `firstLoginTime` is -1 on a refusal. */
export interface LoginResponse {
  readonly code: number;
  readonly firstLoginTime: number;
}

/** Content of a type 52 packet. */
export interface ErrorResponse {
  readonly errorCode: number;
  readonly errorMsg: string | undefined;
}

/** Content of a type 54 packet. */
export interface KickOut {
  readonly code: number;
  readonly reason: string | undefined;
}

/**
 * Reads the content of a login packet.
 *
 * @throws ProtocolError when it does not parse or names no user.
 * @see docs/protocol/SPEC.md#4-login
 */
export function readLoginRequest(content: string | undefined): LoginRequest {
  const fields = toObject(content ?? '', 'a login');
  const userId = toText('loginUserId', fields['loginUserId']);
  if (userId === undefined || userId === '') {
    throw new ProtocolError('ERR_INVALID_FIELD', 'a login has no loginUserId');
  }
  return {
    userId,
    token: toText('loginToken', fields['loginToken']),
    extra: toText('extra', fields['extra']),
    firstLoginTime: toWhole('firstLoginTime', fields['firstLoginTime']),
  };
}

/** Reads the content of a type 50 packet; what is missing counts as 0, as the original clients have it. */
export function readLoginResponse(content: string | undefined): LoginResponse {
  const fields = toObject(content ?? '', 'a login response');
  return {
    code: toWhole('code', fields['code']),
    firstLoginTime: toWhole('firstLoginTime', fields['firstLoginTime']),
  };
}

/**
 * Reads the content of a type 52 packet; a missing code counts as 0.
 *
 * @throws ProtocolError when it does not parse.
 */
export function readErrorResponse(content: string | undefined): ErrorResponse {
  const fields = toObject(content ?? '', 'an error response');
  return {
    errorCode: toWhole('errorCode', fields['errorCode']),
    errorMsg: toText('errorMsg', fields['errorMsg']),
  };
}

/**
 * Reads the content of a type 54 packet; a missing code counts as 0.
 *
 * @throws ProtocolError when it does not parse.
 */
export function readKickOut(content: string | undefined): KickOut {
  const fields = toObject(content ?? '', 'a kick-out');
  return {
    code: toWhole('code', fields['code']),
    reason: toText('reason', fields['reason']),
  };
}

/** Type 0. The fields of its content keep the order of the original clients. */
export function loginPacket(login: LoginRequest): Packet {
  const content = JSON.stringify({
    loginUserId: login.userId,
    loginToken: login.token,
    extra: login.extra,
    firstLoginTime: login.firstLoginTime,
  });
  return control(PacketType.Login, content, login.userId, SERVER_ID);
}

/** Type 1, from a client. */
export function keepAlivePacket(userId: string): Packet {
  return control(PacketType.KeepAlive, '{}', userId, SERVER_ID);
}

/** Type 3. */
export function logoutPacket(userId: string): Packet {
  return control(PacketType.Logout, undefined, userId, SERVER_ID);
}

/** Type 50. A refusal is addressed to `"-1"`, for nobody is logged in. */
export function loginResponsePacket(response: LoginResponse, to: string): Packet {
  const content = `{"code":${response.code},"firstLoginTime":${response.firstLoginTime}}`;
  return control(PacketType.LoginResponse, content, SERVER_ID, response.code === 0 ? to : UNSET_ID);
}

/** Type 51. */
export function keepAliveResponsePacket(to: string): Packet {
  return control(PacketType.KeepAliveResponse, '{}', SERVER_ID, to);
}

/** Type 52, to `"-1"` where nobody is logged in. */
export function errorResponsePacket(error: ErrorResponse, to: string = UNSET_ID): Packet {
  return control(PacketType.ErrorResponse, JSON.stringify(error), SERVER_ID, to);
}

/** Type 53: the echo itself, come back with another type. */
export function echoResponsePacket(echo: Packet): Packet {
  const { dataContent, from, to, fp, QoS, typeu, bridge, sm } = echo;
  return { type: PacketType.EchoResponse, dataContent, from, to, fp, QoS, typeu, bridge, sm };
}

/** Type 54. */
export function kickOutPacket(kickOut: KickOut, to: string): Packet {
  return control(PacketType.KickOut, JSON.stringify(kickOut), SERVER_ID, to);
}

/**
 * Type 4 for a QoS packet: the addressee confirms it to its sender. `from` and `to` change places and `bridge` is
 * kept.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export function acknowledgementPacket(packet: Packet): Packet {
  return {
    type: PacketType.Acknowledgement,
    dataContent: packet.fp,
    from: packet.to,
    to: packet.from,
    fp: undefined,
    QoS: false,
    typeu: UNSET_NUMBER,
    bridge: packet.bridge,
    sm: UNSET_NUMBER,
  };
}

/** A type 2 packet. With a fingerprint it asks for an acknowledgement, without one it does not. */
export function dataPacket(message: {
  readonly from: string;
  readonly to: string;
  readonly content: string;
  readonly fingerprint: string | undefined;
  readonly type?: number | undefined;
}): Packet {
  return {
    type: PacketType.Data,
    dataContent: message.content,
    from: message.from,
    to: message.to,
    fp: message.fingerprint,
    QoS: message.fingerprint !== undefined,
    typeu: message.type ?? UNSET_NUMBER,
    bridge: false,
    sm: UNSET_NUMBER,
  };
}

function control(type: number, dataContent: string | undefined, from: string, to: string): Packet {
  return {
    type,
    dataContent,
    from,
    to,
    fp: undefined,
    QoS: false,
    typeu: UNSET_NUMBER,
    bridge: false,
    sm: UNSET_NUMBER,
  };
}

/** Codes and times: any whole number; 0 where there is none. */
function toWhole(field: string, value: unknown): number {
  return toInteger(field, value, 0, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}
