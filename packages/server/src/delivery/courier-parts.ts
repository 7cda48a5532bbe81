import type { Clock, Emitter, RetryPolicy } from '@imcore/protocol';
import type { ServerEvents } from '../events.js';
import type { HookAsker } from '../hook-asker.js';
import type { Hooks } from '../hooks.js';
import type { ServerLimits } from '../limits.js';
import type { ServerMetrics } from '../metrics.js';
import type { Bridge } from '../ports/bridge.js';
import type { MessageStore } from '../ports/message-store.js';
import type { DeadlineQueue } from '../scheduling/deadline-queue.js';
import type { Directory } from '../sessions/directory.js';

/** What a courier works with. */
export interface CourierParts {
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
  readonly metrics: ServerMetrics;
  readonly directory: Directory;
  readonly events: Emitter<ServerEvents>;
  readonly hooks: Hooks;
  readonly limits: ServerLimits;
  readonly asker: HookAsker;
  readonly store: MessageStore | undefined;
  readonly bridge: Bridge | undefined;
  readonly retry: RetryPolicy;
  readonly storeAfterMs: number;
}
