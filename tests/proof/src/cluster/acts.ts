import type { CutProxy } from '../../../../packages/cli/dist/dev/cut-proxy.js';
import type { PrivateServer } from '../../../../packages/cli/dist/dev/private-server.js';
import { pause } from '../traffic.js';
import type { NodeProcess } from './node-process.js';
import type { PrivatePostgres } from './private-postgres.js';

/** All that can be broken. */
export interface Stage {
  readonly nodes: readonly NodeProcess[];
  readonly nats: PrivateServer;
  readonly postgres: PrivatePostgres;
  /** Between each node and NATS, in the order of `nodes`. */
  readonly proxies: readonly CutProxy[];
}

/** Something that is broken for a time. */
interface Act {
  readonly name: string;
  /**
   * Calls `began` when it knows what it breaks, with the node whose sessions end, if any, and before it breaks it. Resolves
   * when the fault has ended, with what must be done before the next act.
   */
  run(stage: Stage, began: (closed?: string) => void): Promise<(() => Promise<void>) | undefined>;
}

/** A random time of 0.5 to 8 s. */
const someTime = (): Promise<void> => pause(500 + Math.random() * 7500);

const some = <Item>(items: readonly Item[]): Item => {
  const chosen = items[Math.floor(Math.random() * items.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
};

const ACTS: readonly Act[] = [
  {
    name: 'node killed with -9',
    // Its users come back at other nodes: nothing has to be started for that.
    async run({ nodes }, began) {
      const node = some(nodes);
      began(node.nodeId);
      await node.stop('SIGKILL');
      return async () => {
        await pause(Math.random() * 2000);
        await node.start();
      };
    },
  },
  {
    name: 'node restarted',
    async run({ nodes }, began) {
      const node = some(nodes);
      began(node.nodeId);
      await node.stop('SIGTERM');
      await node.start();
      return undefined;
    },
  },
  {
    name: 'node paused',
    async run({ nodes }, began) {
      const node = some(nodes);
      began();
      node.pause();
      await someTime();
      node.resume();
      return undefined;
    },
  },
  ...(['SIGTERM', 'SIGKILL'] as const).map((signal) => ({
    name: signal === 'SIGTERM' ? 'NATS stopped' : 'NATS killed with -9',
    async run({ nats }: Stage, began: () => void) {
      began();
      await nats.stop(signal);
      await someTime();
      await nats.start();
      return undefined;
    },
  })),
  {
    name: 'NATS hung',
    async run({ nats }, began) {
      began();
      nats.hang();
      await someTime();
      nats.resume();
      return undefined;
    },
  },
  ...(['fast', 'immediate'] as const).map((mode) => ({
    name: mode === 'fast' ? 'PostgreSQL restarted' : 'PostgreSQL crashed',
    async run({ postgres }: Stage, began: () => void) {
      began();
      await postgres.stop(mode);
      await pause(Math.random() * 2000);
      await postgres.start();
      return undefined;
    },
  })),
  {
    name: 'node cut from NATS',
    async run({ proxies }, began) {
      const proxy = some(proxies);
      began();
      proxy.cut();
      await someTime();
      proxy.heal();
      return undefined;
    },
  },
];

/** All acts in a random order, again and again. */
export function* randomActs(): Generator<Act> {
  for (;;) {
    const acts = [...ACTS];
    while (acts.length > 0) yield* acts.splice(Math.floor(Math.random() * acts.length), 1);
  }
}
