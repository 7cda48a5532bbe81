import type { TransportCount } from '@imcore/server/ports';

/** What workers count. A record names one by its index here. */
export const COUNT_NAMES = [
  'datagramsTooLarge',
  'amplificationPrevented',
  'handshakesRejected',
  'workerDrops',
] as const satisfies readonly TransportCount[];
