import type { Clock, Emitter, Random } from '@imcore/protocol';
import type { ServerEvents } from './events.js';
import type { ServerLimits } from './limits.js';
import type { ServerMetrics } from './metrics.js';
import type { Logger } from './ports/logger.js';
import type { DeadlineQueue } from './timers/deadline-queue.js';

/**
 * What every part of one server may need. Everything else is a constructor's parameter.
 */
export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: DeadlineQueue;
  readonly events: Emitter<ServerEvents>;
  readonly metrics: ServerMetrics;
  readonly limits: ServerLimits;
  readonly logger: Logger;
  /** Gives the value of `sm` where the server stamps its time; undefined where it does not. */
  readonly stamp: (() => number) | undefined;
  /** Reports that this server has broken one of its own rules. Never throws: the server goes on. */
  readonly reportBug: (error: Error) => void;
}
