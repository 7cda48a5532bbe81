import { pause } from '../traffic.js';
import type { CutProxy } from './cut-proxy.js';
import type { NodeProcess } from './node-process.js';
import type { PrivateNats } from './private-nats.js';
import type { PrivatePostgres } from './private-postgres.js';

/** All that can be broken. */
export interface Stage {
  readonly nodes: readonly NodeProcess[];
  readonly nats: PrivateNats;
  readonly postgres: PrivatePostgres;
  /** The way of each node to NATS, in the order of `nodes`. */
  readonly ways: readonly CutProxy[];
}

/** Something that is broken for a time. */
interface Act {
  readonly name: string;
  /** Resolves when the fault has ended, with what must be done before the next act. */
  run(stage: Stage): Promise<(() => Promise<void>) | undefined>;
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
    name: 'node killed',
    // Its users come back at other nodes: nothing has to be started for that.
    async run({ nodes }) {
      const node = some(nodes);
      await node.kill();
      return async () => {
        await pause(Math.random() * 2000);
        await node.start();
      };
    },
  },
  {
    name: 'node paused',
    async run({ nodes }) {
      const node = some(nodes);
      node.pause();
      await someTime();
      node.resume();
      return undefined;
    },
  },
  ...(['SIGTERM', 'SIGKILL'] as const).map((signal) => ({
    name: `NATS stopped with ${signal}`,
    async run({ nats }: Stage) {
      await nats.stop(signal);
      await someTime();
      await nats.start();
      return undefined;
    },
  })),
  {
    name: 'NATS paused',
    async run({ nats }) {
      nats.hang();
      await someTime();
      nats.resume();
      return undefined;
    },
  },
  ...(['fast', 'immediate'] as const).map((mode) => ({
    name: `PostgreSQL restarted, ${mode}`,
    async run({ postgres }: Stage) {
      await postgres.stop(mode);
      await pause(Math.random() * 2000);
      await postgres.start();
      return undefined;
    },
  })),
  {
    name: 'node cut from NATS',
    async run({ ways }) {
      const way = some(ways);
      way.cut();
      await someTime();
      way.restore();
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
