import type { ServerLimits } from '@imcore/server';
import type { Lab } from './lab.js';

/** One odd thing to do to a server. */
export interface Experiment {
  /** As in docs/protocol/odd-input.md, and for observed ones as in observed-java-server.json. */
  readonly name: string;
  /** Needs real sockets: what is tried is below packets, or shows in a close frame. */
  readonly overSockets?: boolean;
  /** Needs the server's time to run as the sockets' does. */
  readonly inRealTime?: boolean;
  /** Limits of the server that are not the usual ones. */
  readonly limits?: Partial<ServerLimits>;
  /** Does it and says on one line what it came to. */
  run(lab: Lab): Promise<string>;
}
