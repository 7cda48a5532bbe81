import type { Clock, Emitter, Random } from '@imcore/protocol';
import type { BytesUnderWay } from './delivery/bytes-under-way.js';
import type { ServerEvents } from './events.js';
import type { ServerLimits } from './limits.js';
import type { ServerMetrics } from './metrics.js';
import type { Logger } from './ports/logger.js';
import type { DeadlineQueue } from './timers/deadline-queue.js';

/**
 * What all parts of one server share. Everything else is a constructor's parameter.
 */
export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: DeadlineQueue;
  readonly events: Emitter<ServerEvents>;
  readonly metrics: ServerMetrics;
  readonly limits: ServerLimits;
  /** The memory for everything under way, which all parts share. */
  readonly underWay: BytesUnderWay;
  readonly logger: Logger;
  /** Returns the value of `sm`; undefined if the server does not stamp its time. */
  readonly stamp: (() => number) | undefined;
  /** Reports a bug of the server. Never throws: the server continues. */
  readonly reportBug: (error: Error) => void;
}
