import type { Transport } from '@imcore/client';
import type { OutboxStorage } from '@imcore/client/outbox';
import type { Clock } from '@imcore/protocol';
import type { MessageStore, ServerTransport } from '@imcore/server/ports';
import type { SeededRandom } from '@imcore/testkit';

/** Where something can be put between the parts of a world without a change to any of them. */
export interface Seams {
  serverTransport?(transport: ServerTransport): ServerTransport;
  /** Around a device's transport, outside the world's own instruments. */
  transport?(transport: Transport, device: string, random: SeededRandom): Transport;
  /** Around a device's outbox. */
  outbox?(outbox: OutboxStorage): OutboxStorage;
  store?(store: MessageStore): MessageStore;
  /** Between a server and its store: it ends with the server's life, and so does its clock. */
  processStore?(store: MessageStore, clock: Clock): MessageStore;
  clientClock?(clock: Clock): Clock;
  /** The fingerprint that an application's message had before the transport changed it. */
  originalFingerprint?(fingerprint: string): string;
}
