import { type Instant, NEVER } from '@imcore/protocol';
import type { Heartbeat } from './heartbeat.js';

/** What `connecting` waits for, one after the other. */
export type Awaited = 'outbox' | 'token' | 'link';

/** Where a client is, with what only exists there. */
export type Phase =
  | { readonly state: 'idle' | 'closed' }
  | { readonly state: 'connecting'; readonly awaits: Awaited; readonly deadline: Instant }
  | { readonly state: 'authenticating' | 'waiting'; readonly deadline: Instant }
  | { readonly state: 'online'; readonly heartbeat: Heartbeat };

/** When the phase itself needs attention next. */
export function deadlineOf(phase: Phase): Instant {
  if (phase.state === 'online') return phase.heartbeat.nextDeadline;
  return 'deadline' in phase ? phase.deadline : NEVER;
}
