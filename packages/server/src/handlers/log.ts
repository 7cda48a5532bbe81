import { InvalidMember, type ReceivedPacket, readClientExtensionPacket } from '@imcore/protocol';
import type { Runtime } from '../runtime.js';
import type { PeerReports } from '../sessions/peer-reports.js';
import type { LogFeed } from '../users/log-feed.js';
import type { Handler, HandlerSession } from './handler.js';

/** A packet of the extension that a client may send. */
type ClientPacket = Exclude<ReturnType<typeof readClientExtensionPacket>, InvalidMember | undefined>;

/** Handles one type of packet of a session that has negotiated a log. */
export type LogHandler = (packet: ClientPacket, feed: LogFeed, session: HandlerSession) => void;

/**
 * Reads a packet of the extension and gives it to `handle`. On a session that has not negotiated it, the type is unknown, as it
 * is to the original server.
 *
 * @see docs/protocol/SPEC.md#124-new-packet-types
 */
export const logPacket = ({ metrics }: Runtime, reports: PeerReports, handle: LogHandler): Handler => ({
  allowed: 'in-own-name',
  isWork: false,
  handle(session: HandlerSession, packet: ReceivedPacket): void {
    const feed = session.device?.feed;
    if (feed === undefined) {
      metrics.unknownTypes += 1;
      reports.rejected(session, 'unknown-type', packet);
      return;
    }
    const read = readClientExtensionPacket(packet);
    if (read instanceof InvalidMember) {
      metrics.invalidExtensions += 1;
      session.reportInvalid(read.message);
    } else if (read !== undefined) handle(read, feed, session);
  },
});

/** Type 1000: the device has everything up to a position. */
export const position: LogHandler = (packet, feed) => {
  if ('position' in packet && packet.log === undefined) feed.acknowledged(packet.position);
};

/** Type 1001: the device asks for everything behind a position. */
export const sync: LogHandler = (packet, feed) => {
  if ('after' in packet && packet.log === undefined) feed.synced(packet.after);
};
