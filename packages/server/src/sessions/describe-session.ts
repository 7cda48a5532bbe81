import type { LoginRequest } from '@imcore/protocol';
import type { Connection } from '../gateways/gateway.js';
import type { OnlineUser } from '../hooks.js';

/** A session as the application sees it, which has logged in, or has not yet. */
export function describeSession(
  connection: Connection,
  login?: LoginRequest,
  firstLoginTime = 0,
): OnlineUser {
  const { transport, remoteAddress, remotePort } = connection;
  const { userId = '', extra } = login ?? {};
  return { userId, transport, remoteAddress, remotePort, firstLoginTime, extra };
}
