import type { Transport } from '@imcore/client';
import type { OutboxStorage } from '@imcore/client/outbox';
import type { Clock } from '@imcore/protocol';
import type { ImServer } from '@imcore/server';
import type { MessageStore, Route, ServerTransport } from '@imcore/server/ports';
import type { SeededRandom } from '@imcore/testkit';
import type { PresenceEvents } from './presence.js';

/** Hooks to put something between the parts of a world without a change to any of them. */
export interface Seams {
  serverTransport?(transport: ServerTransport): ServerTransport;
  /** Wraps a device's transport, outside the world's own instruments. */
  transport?(transport: Transport, device: string, random: SeededRandom): Transport;
  /** Wraps a device's outbox. */
  outbox?(outbox: OutboxStorage): OutboxStorage;
  store?(store: MessageStore): MessageStore;
  /** Wraps the store for one server process: it and its clock stop when that process crashes. */
  processStore?(store: MessageStore, clock: Clock): MessageStore;
  /** A route before the store's. */
  route?(clock: Clock): Route;
  /** Replaces the server's events `online` and `offline` for the application. */
  presence?(server: ImServer): PresenceEvents;
  clientClock?(clock: Clock): Clock;
  /** The fingerprint that an application's message had before the transport changed it. */
  originalFingerprint?(fingerprint: string): string;
}
