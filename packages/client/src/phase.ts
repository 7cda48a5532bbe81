import { type Instant, NEVER } from '@imcore/protocol';
import type { Heartbeat } from './heartbeat.js';

/** The steps of `connecting`, in this order. */
export type Awaited = 'outbox' | 'token' | 'link';

/** The state of a client, with the data of that state. */
export type Phase =
  | { readonly state: 'idle' | 'closed' }
  | { readonly state: 'connecting'; readonly awaits: Awaited; readonly deadline: Instant }
  | { readonly state: 'authenticating' | 'waiting'; readonly deadline: Instant }
  | { readonly state: 'online'; readonly heartbeat: Heartbeat };

/** Returns the next deadline of a phase. */
export function deadlineOf(phase: Phase): Instant {
  if (phase.state === 'online') return phase.heartbeat.nextDeadline;
  return 'deadline' in phase ? phase.deadline : NEVER;
}
