import type { Transport } from '@imcore/client';
import type { Packet } from '@imcore/protocol';
import type { SeededRandom } from '@imcore/testkit';
import { acknowledgedFingerprint, dataFingerprint, peek } from './frames.js';
import { wrapTransport } from './wrapped-transport.js';

/** Probability that a frame is lost while its message may still lose one. */
const LOSS = 0.3;

/**
 * Loses at most one frame of each message on this device's link, a copy or an acknowledgement, until `isOver`.
 *
 * The retries of both sides make up for that: a sender writes three copies in 15 s, a server two in 10 s, so that after
 * one loss on either side of the server a copy still arrives in time.
 */
export function boundedLoss(transport: Transport, random: SeededRandom, isOver: () => boolean): Transport {
  const spent = new Set<string>();
  const isLost = (packet: Packet | undefined, direction: 'out' | 'in'): boolean => {
    const data = dataFingerprint(packet);
    const fingerprint = data ?? acknowledgedFingerprint(packet);
    if (fingerprint === undefined || isOver()) return false;
    const isOwn = (data !== undefined) === (direction === 'out');
    const key = `${isOwn ? 'own' : 'other'} ${fingerprint}`;
    if (spent.has(key) || !random.chance(LOSS)) return false;
    spent.add(key);
    return true;
  };
  return wrapTransport(transport, () => ({
    send: (frame, pass) => {
      if (!isLost(peek(frame), 'out')) pass(frame);
    },
    receive: (frame, pass) => {
      if (!isLost(peek(frame), 'in')) pass(frame);
    },
  }));
}
