import type { LoginRequest } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';
import type { Connection } from '../transports/transport.js';

/** A session as the application sees it, which has logged in, or has not yet. */
export function describeSession(
  connection: Connection,
  login?: LoginRequest,
  firstLoginTime = 0,
): SessionInfo {
  const { transport, remoteAddress, remotePort } = connection;
  const { userId = '', extra } = login ?? {};
  return { userId, transport, remoteAddress, remotePort, firstLoginTime, extra };
}
