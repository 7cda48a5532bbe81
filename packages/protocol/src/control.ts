import { toObject, toText, toWhole } from './coerce.js';
import { ProtocolError } from './errors.js';
import { type Packet, PacketType, SERVER_ID, UNSET_ID, UNSET_NUMBER } from './packet.js';

/** Content of a login packet (type 0). */
export interface LoginRequest {
  readonly userId: string;
  readonly token: string | undefined;
  /** A text of the application, passed to its `authenticate` hook. */
  readonly extra: string | undefined;
  /**
   * 0 on the client's first login, afterwards the value from the server's first login response. Milliseconds since 1970.
   */
  readonly firstLoginTime: number;
  /** Member `x`: as received, for {@link readLoginOffer}; or as written, from {@link loginOfferMember}. */
  readonly x?: unknown;
}

/** Content of a login response (type 50). */
export interface LoginResponse {
  /** 0 if accepted. */
  readonly code: number;
  /** Milliseconds since 1970; -1 if the login was rejected. */
  readonly firstLoginTime: number;
  /** Member `x`: as received, for {@link readLoginAnswer}; or as written, from {@link loginAnswerMember}. */
  readonly x?: unknown;
}

/** Content of an error response (type 52). */
export interface ErrorResponse {
  readonly errorCode: number;
  readonly errorMsg: string | undefined;
}

/** Content of a kick-out (type 54). */
export interface KickOut {
  readonly code: number;
  readonly reason: string | undefined;
}

/**
 * Decodes the content of a login packet (type 0).
 *
 * @throws ProtocolError `ERR_MALFORMED_PACKET`, or `ERR_INVALID_FIELD`, also when `loginUserId` is missing or empty.
 * @see docs/protocol/SPEC.md#4-login
 */
export function readLoginRequest(content: string | undefined): LoginRequest {
  const fields = toObject(content ?? '', 'a login', ['loginUserId', 'loginToken', 'extra']);
  const userId = toText('loginUserId', fields['loginUserId']);
  if (userId === undefined || userId === '') {
    throw new ProtocolError('ERR_INVALID_FIELD', 'a login has no loginUserId');
  }
  return {
    userId,
    token: toText('loginToken', fields['loginToken']),
    extra: toText('extra', fields['extra']),
    firstLoginTime: toWhole('firstLoginTime', fields['firstLoginTime']),
    x: fields['x'],
  };
}

/**
 * Decodes the content of a login response (type 50). Missing fields are 0, as in the original clients.
 *
 * @throws ProtocolError `ERR_MALFORMED_PACKET`, `ERR_INVALID_FIELD`
 */
export function readLoginResponse(content: string | undefined): LoginResponse {
  const fields = toObject(content ?? '', 'a login response', []);
  return {
    code: toWhole('code', fields['code']),
    firstLoginTime: toWhole('firstLoginTime', fields['firstLoginTime']),
    x: fields['x'],
  };
}

/**
 * Decodes the content of an error response (type 52). A missing code is 0.
 *
 * @throws ProtocolError `ERR_MALFORMED_PACKET`, `ERR_INVALID_FIELD`
 */
export function readErrorResponse(content: string | undefined): ErrorResponse {
  const fields = toObject(content ?? '', 'an error response', ['errorMsg']);
  return {
    errorCode: toWhole('errorCode', fields['errorCode']),
    errorMsg: toText('errorMsg', fields['errorMsg']),
  };
}

/**
 * Decodes the content of a kick-out (type 54). A missing code is 0.
 *
 * @throws ProtocolError `ERR_MALFORMED_PACKET`, `ERR_INVALID_FIELD`
 */
export function readKickOut(content: string | undefined): KickOut {
  const fields = toObject(content ?? '', 'a kick-out', ['reason']);
  return {
    code: toWhole('code', fields['code']),
    reason: toText('reason', fields['reason']),
  };
}

/** Creates a login packet (type 0). The fields of its content are in the order of the original clients. */
export function loginPacket(login: LoginRequest): Packet {
  const content = JSON.stringify({
    loginUserId: login.userId,
    loginToken: login.token,
    extra: login.extra,
    firstLoginTime: login.firstLoginTime,
    x: login.x,
  });
  return control(PacketType.Login, content, login.userId, SERVER_ID);
}

/** Creates a keep-alive packet (type 1). */
export function keepAlivePacket(userId: string): Packet {
  return control(PacketType.KeepAlive, '{}', userId, SERVER_ID);
}

/** Creates a logout packet (type 3). */
export function logoutPacket(userId: string): Packet {
  return control(PacketType.Logout, undefined, userId, SERVER_ID);
}

/** Creates a login response (type 50). A rejection is addressed to `"-1"`, because no user is logged in. */
export function loginResponsePacket(response: LoginResponse, to: string): Packet {
  const { code, firstLoginTime, x } = response;
  const extension = x === undefined ? '' : `,"x":${JSON.stringify(x)}`;
  const content = `{"code":${code},"firstLoginTime":${firstLoginTime}${extension}}`;
  return control(PacketType.LoginResponse, content, SERVER_ID, code === 0 ? to : UNSET_ID);
}

/** Creates a keep-alive response (type 51). */
export function keepAliveResponsePacket(to: string): Packet {
  return control(PacketType.KeepAliveResponse, '{}', SERVER_ID, to);
}

/** Creates an error response (type 52). `to` is `"-1"` by default: no user is logged in. */
export function errorResponsePacket(error: ErrorResponse, to: string = UNSET_ID): Packet {
  return control(PacketType.ErrorResponse, JSON.stringify(error), SERVER_ID, to);
}

/** Creates an echo response (type 53): the echo packet with another type. */
export function echoResponsePacket(echo: Packet): Packet {
  const { dataContent, from, to, fp, QoS, typeu, bridge, sm } = echo;
  return { type: PacketType.EchoResponse, dataContent, from, to, fp, QoS, typeu, bridge, sm };
}

/** Creates a kick-out (type 54). */
export function kickOutPacket(kickOut: KickOut, to: string): Packet {
  return control(PacketType.KickOut, JSON.stringify(kickOut), SERVER_ID, to);
}

/**
 * Creates the acknowledgement (type 4) of a QoS packet, from its receiver to its sender: `from` and `to` are swapped,
 * the content is the fingerprint, `bridge` is kept.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export function acknowledgementPacket(packet: Packet): Packet {
  const { fp, from, to, bridge } = packet;
  return packetOf(PacketType.Acknowledgement, fp, to, from, undefined, UNSET_NUMBER, bridge);
}

/** Creates a data packet (type 2). `QoS` is true if there is a fingerprint. `type` is `typeu` on the wire, default -1. */
export function dataPacket(message: {
  readonly from: string;
  readonly to: string;
  readonly content: string;
  readonly fingerprint: string | undefined;
  readonly type?: number | undefined;
}): Packet {
  const { from, to, content, fingerprint, type = UNSET_NUMBER } = message;
  return packetOf(PacketType.Data, content, from, to, fingerprint, type, false);
}

function control(type: number, dataContent: string | undefined, from: string, to: string): Packet {
  return packetOf(type, dataContent, from, to, undefined, UNSET_NUMBER, false);
}

function packetOf(
  type: number,
  dataContent: string | undefined,
  from: string | undefined,
  to: string | undefined,
  fp: string | undefined,
  typeu: number,
  bridge: boolean,
): Packet {
  return { type, dataContent, from, to, fp, QoS: fp !== undefined, typeu, bridge, sm: UNSET_NUMBER };
}
