import type { ReceivedPacket } from '@imcore/protocol';
import type { Handler, HandlerSession } from './handler.js';

/** Type 3: ends the session, after the packets that came before it are handled. */
export class LogoutHandler implements Handler {
  readonly allowed = 'anyone';
  readonly isWork = false;

  handle(session: HandlerSession, packet: ReceivedPacket): void {
    if (session.hasDeferred) session.defer(packet);
    else session.logout();
  }
}
