import { Emitter } from '@imcore/protocol';
import { VirtualClock } from '@imcore/testkit';
import { BytesUnderWay } from '../../src/delivery/bytes-under-way.js';
import type { ServerEvents } from '../../src/events.js';
import { DEFAULT_LIMITS, type ServerLimits } from '../../src/limits.js';
import { ServerMetrics } from '../../src/metrics.js';
import { silentLogger } from '../../src/ports/logger.js';
import type { Runtime } from '../../src/runtime.js';
import { DeadlineQueue } from '../../src/timers/deadline-queue.js';

/** A runtime in virtual time. A bug that is reported to it is thrown. */
export function createRuntime(
  clock = new VirtualClock(),
  limits: Partial<ServerLimits> = {},
): Runtime & { readonly clock: VirtualClock } {
  const rethrow = (error: unknown): never => {
    throw error;
  };
  const metrics = new ServerMetrics();
  const allLimits = { ...DEFAULT_LIMITS, ...limits };
  return {
    clock,
    random: Math.random,
    timers: new DeadlineQueue(clock),
    events: new Emitter<ServerEvents>(rethrow),
    metrics,
    limits: allLimits,
    underWay: new BytesUnderWay(metrics, allLimits.maxBytesUnderWay),
    logger: silentLogger,
    stamp: undefined,
    reportBug: rethrow,
  };
}
