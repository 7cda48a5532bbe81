import type { Handler } from './handler.js';

/** Type 3: ends the session, after the packets that came before it are handled. */
export const logout: Handler = {
  allowed: 'anyone',
  isWork: false,
  handle(session, packet) {
    if (session.hasDeferred) session.defer(packet);
    else session.logout();
  },
};
