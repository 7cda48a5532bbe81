import { refuse } from './refuse.js';
import type { ServerSpec } from './server-under-load.js';

const relay = (acknowledge: string, write: string): readonly string[] => [
  process.execPath,
  'bench/dist/relay.js',
  '--acknowledge',
  acknowledge,
  '--write',
  write,
];

/** The command that runs this checkout's server. */
export const SERVER: readonly string[] = [process.execPath, 'bench/dist/full-server.js'];

/** The bare relays, by when they acknowledge and how they write. */
export const RELAYS: readonly ServerSpec[] = [
  { name: 'relay-e2e', command: relay('end-to-end', 'tick') },
  { name: 'relay-e2e-each', command: relay('end-to-end', 'each') },
  { name: 'relay', command: relay('at-once', 'tick') },
  { name: 'relay-each', command: relay('at-once', 'each') },
];

/** The servers that a command line names, separated by commas. Ends the program for one that does not exist. */
export function requireServers(names: string, known: readonly ServerSpec[]): ServerSpec[] {
  const valid = known.map(({ name }) => name).join(', ');
  return names
    .split(',')
    .map(
      (name) =>
        known.find((spec) => spec.name === name) ??
        refuse(`Unknown server "${name}". Valid servers: ${valid}`),
    );
}

/** What the others are compared with: the relays among `names`, or the first server where there is none. */
export function baselinesOf(names: readonly string[]): readonly string[] {
  const relays = names.filter((name) => RELAYS.some((spec) => spec.name === name));
  return relays.length > 0 ? relays : names.slice(0, 1);
}
