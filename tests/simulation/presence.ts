import type { ImServer, ServerEvents } from '@imcore/server';

/** The events that tell an application who is online. */
export interface PresenceEvents {
  on<Name extends 'online' | 'offline'>(name: Name, listener: (event: ServerEvents[Name]) => void): unknown;
}

/** Checks that `online` and `offline` of each user alternate, and agree with the server at every event. */
export function followPresence(
  server: Pick<ImServer, 'isOnline'>,
  events: PresenceEvents,
  onBreach: (text: string) => void,
): void {
  const online = new Set<string>();
  events.on('online', ({ userId }) => {
    if (online.has(userId)) onBreach(`${userId} came online twice`);
    if (!server.isOnline(userId)) onBreach(`${userId} was reported online and is offline`);
    online.add(userId);
  });
  events.on('offline', ({ userId }) => {
    if (!online.delete(userId)) onBreach(`${userId} went offline twice`);
    if (server.isOnline(userId)) onBreach(`${userId} was reported offline and is online`);
  });
}
