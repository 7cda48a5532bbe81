import {
  ExtensionType,
  encodeExtensionPacket,
  encodeUtf8,
  type RequestPacket,
  SERVER_ID,
} from '@imcore/protocol';
import { asError } from '../errors.js';
import { cutItem, type ItemSource, type Requests } from '../feeds/requests.js';
import type { Runtime } from '../runtime.js';
import type { HandlerSession } from './handler.js';
import type { LogHandler } from './log.js';

/** Maximum number of requests of one session that are not answered. */
const MAX_UNDER_WAY = 4;

/** Bytes of an answer without its items, at most. */
const ANSWER_BYTES = 700;

/**
 * Type 1004: a request, such as for the history. It is answered with as many items as fit into one frame of the session, or with
 * a code.
 *
 * @see docs/protocol/SPEC.md#124-new-packet-types
 */
export function request({ metrics, events }: Runtime, requests: Requests): LogHandler {
  const underWay = new WeakMap<HandlerSession, number>();

  const count = (session: HandlerSession, change: number): number => {
    const total = (underWay.get(session) ?? 0) + change;
    underWay.set(session, total);
    return total;
  };

  const run = async (packet: RequestPacket, source: ItemSource, session: HandlerSession): Promise<void> => {
    try {
      const { items, hasMore } = await source(packet, session);
      answer(session, packet.number, items, hasMore);
    } catch (error) {
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
      fail(session, packet.number, 'ERR_STORE_FAILED');
    } finally {
      count(session, -1);
    }
  };

  return (packet, _feed, session) => {
    if (packet.type !== ExtensionType.Request) return;
    metrics.requests += 1;
    const source = requests.find(packet, session);
    if (typeof source === 'string') fail(session, packet.number, source);
    else if (count(session, 1) <= MAX_UNDER_WAY) void run(packet, source, session);
    else {
      count(session, -1);
      fail(session, packet.number, 'ERR_TOO_MANY_REQUESTS');
    }
  };
}

function answer(session: HandlerSession, number: number, items: readonly unknown[], hasMore: boolean): void {
  const to = session.user?.id;
  if (to === undefined || !session.isOpen) return;
  const room = session.outlet.maxSendBytes - ANSWER_BYTES;
  // The client could never get past an item that does not fit.
  const isTooLong = items.length > 0 && fittingItems(items.slice(0, 1), room).length === 0;
  const fitting = isTooLong ? [cutItem(items[0])] : fittingItems(items, room);
  const more = hasMore || fitting.length < items.length;
  const packet = { type: ExtensionType.Answer, number, items: fitting, hasMore: more };
  session.answer(encodeUtf8(encodeExtensionPacket(packet, { from: SERVER_ID, to })));
}

function fail(session: HandlerSession, number: number, code: string): void {
  const to = session.user?.id;
  if (to === undefined || !session.isOpen) return;
  const packet = { type: ExtensionType.Answer, number, code };
  session.answer(encodeUtf8(encodeExtensionPacket(packet, { from: SERVER_ID, to })));
}

/** The first items that fit into so many bytes. */
function fittingItems(items: readonly unknown[], room: number): readonly unknown[] {
  let left = room;
  const end = items.findIndex((item) => {
    left -= Buffer.byteLength(JSON.stringify(item)) + 1;
    return left < 0;
  });
  return end < 0 ? items : items.slice(0, end);
}
