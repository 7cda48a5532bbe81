import type { Clock, Emitter } from '@imcore/protocol';
import type { Courier } from '../delivery/courier.js';
import type { ServerEvents } from '../events.js';
import type { ServerLimits } from '../limits.js';
import type { ServerMetrics } from '../metrics.js';
import type { Router } from '../routing/router.js';
import type { DeadlineRing } from '../scheduling/deadline-queue.js';
import type { Answers } from './answers.js';
import type { Directory } from './directory.js';
import type { Login } from './login.js';
import type { PeerAcknowledgements } from './peer-acknowledgements.js';
import type { PeerReports } from './peer-reports.js';

/** What every session of one server shares. */
export interface HostParts {
  readonly clock: Clock;
  readonly metrics: ServerMetrics;
  readonly events: Emitter<ServerEvents>;
  readonly limits: ServerLimits;
  readonly answers: Answers;
  readonly directory: Directory;
  readonly courier: Courier;
  readonly router: Router;
  readonly login: Login;
  readonly reports: PeerReports;
  readonly acknowledgements: PeerAcknowledgements;
  /** Deadlines of peers that have fallen behind. */
  readonly stallDeadlines: DeadlineRing;
}
