import type { ServerEvents } from '../../src/events.js';
import type { ImServer } from '../../src/server.js';

/** The events of a server by name, oldest first. */
export type RecordedEvents = { readonly [Name in keyof ServerEvents]: ServerEvents[Name][] };

export function recordEvents(server: ImServer): RecordedEvents {
  const record = <Name extends keyof ServerEvents>(name: Name): ServerEvents[Name][] => {
    const events: ServerEvents[Name][] = [];
    server.on(name, (event) => events.push(event));
    return events;
  };
  return {
    online: record('online'),
    trimmed: record('trimmed'),
    deviceRemoved: record('deviceRemoved'),
    deviceAdded: record('deviceAdded'),
    offline: record('offline'),
    sessionStarted: record('sessionStarted'),
    sessionEnded: record('sessionEnded'),
    delivered: record('delivered'),
    stored: record('stored'),
    undelivered: record('undelivered'),
    fingerprintReused: record('fingerprintReused'),
    tooLarge: record('tooLarge'),
    expired: record('expired'),
    displaced: record('displaced'),
    deadLetterDeleted: record('deadLetterDeleted'),
    queueFull: record('queueFull'),
    clockJumped: record('clockJumped'),
    replayDelayed: record('replayDelayed'),
    received: record('received'),
    cluster: record('cluster'),
    node: record('node'),
    drain: record('drain'),
    lost: record('lost'),
    bridged: record('bridged'),
    bridgeFailed: record('bridgeFailed'),
    bridge: record('bridge'),
    bridgeRejected: record('bridgeRejected'),
    violation: record('violation'),
    rejected: record('rejected'),
    limited: record('limited'),
    paused: record('paused'),
    error: record('error'),
  };
}
