import type { Transport } from '@imcore/client';
import type { SeededRandom } from '@imcore/testkit';
import { wrapTransport } from '../wrapped-transport.js';

/** Shares of the packets of logs that are lost. */
export interface LogLoss {
  /** Of entries, skips and `stored` packets. */
  readonly toClient: number;
  /** Of positions and requests. */
  readonly toServer: number;
  /** Whether the entry or skip after a lost one always arrives, and `stored` packets as well. Default: false. */
  readonly neverTwice?: boolean;
}

const ENTRY_OR_SKIP = /"type":(?:2|1101),.*"x":/;
const STORED = /"type":1100,/;
const OF_LOG_TO_SERVER = /"type":(?:1000|1001),/;

/** Loses packets of logs, and nothing else, until `isOver`: links stay, so that no login brings anything again. */
export function losingLog(
  transport: Transport,
  { toClient, toServer, neverTwice = false }: LogLoss,
  random: SeededRandom,
  isOver: () => boolean,
): Transport {
  const isLost = (frame: string, packets: RegExp, share: number): boolean =>
    !isOver() && packets.test(frame) && random.chance(share);
  return wrapTransport(transport, () => {
    let wasLost = false;
    return {
      send: (frame, pass) => {
        if (!isLost(frame, OF_LOG_TO_SERVER, toServer)) pass(frame);
      },
      receive: (frame, pass) => {
        if (ENTRY_OR_SKIP.test(frame)) {
          wasLost = !(wasLost && neverTwice) && isLost(frame, ENTRY_OR_SKIP, toClient);
          if (!wasLost) pass(frame);
        } else if (neverTwice || !isLost(frame, STORED, toClient)) pass(frame);
      },
    };
  });
}
