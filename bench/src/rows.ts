import { refuse } from './refuse.js';

/** One kind of load. */
export interface LoadRow {
  readonly name: string;
  readonly transport: 'tcp' | 'ws' | 'udp';
  readonly pairs: number;
  readonly window: number;
  readonly size: number;
  readonly chinese?: boolean;
  /** To users who never log in: what the store takes. */
  readonly offline?: boolean;
  /** One message at a time: its latency is the server's, not that of a queue. */
  readonly comparesLatency?: boolean;
}

const tcp = { transport: 'tcp' } as const;

/** By the names that `--rows` takes. */
export const ROWS: Readonly<Record<string, LoadRow>> = {
  'tcp-64': { ...tcp, name: 'tcp, 16 pairs, window 16, 64 B', pairs: 16, window: 16, size: 64 },
  'tcp-1k': { ...tcp, name: 'tcp, 16 pairs, window 16, 1 KB', pairs: 16, window: 16, size: 1024 },
  'tcp-1k-zh': {
    ...tcp,
    name: 'tcp, 16 pairs, window 16, 1 KB of Chinese',
    pairs: 16,
    window: 16,
    size: 1024,
    chinese: true,
  },
  'tcp-100': { ...tcp, name: 'tcp, 100 pairs, window 32, 64 B', pairs: 100, window: 32, size: 64 },
  'tcp-1000': { ...tcp, name: 'tcp, 1000 pairs, window 1, 64 B', pairs: 1000, window: 1, size: 64 },
  'tcp-1': {
    ...tcp,
    name: 'tcp, 1 pair, window 1, 64 B (latency)',
    pairs: 1,
    window: 1,
    size: 64,
    comparesLatency: true,
  },
  'ws-64': { transport: 'ws', name: 'ws, 16 pairs, window 16, 64 B', pairs: 16, window: 16, size: 64 },
  'udp-64': { transport: 'udp', name: 'udp, 16 pairs, window 16, 64 B', pairs: 16, window: 16, size: 64 },
  'tcp-offline': {
    ...tcp,
    name: 'tcp, 100 pairs, window 32, 64 B, receivers offline (durable)',
    pairs: 100,
    window: 32,
    size: 64,
    offline: true,
  },
};

/** All names, as `--rows` takes them. */
export const ALL_ROWS = Object.keys(ROWS).join(',');

/** Those whose receivers are online. */
export const ONLINE_ROWS = Object.keys(ROWS)
  .filter((name) => ROWS[name]?.offline !== true)
  .join(',');

/** The rows that a command line names, separated by commas. Ends the program for one that does not exist. */
export function requireRows(names: string): LoadRow[] {
  return names
    .split(',')
    .map((name) => ROWS[name] ?? refuse(`there is no row ${name}; known are ${ALL_ROWS}`));
}
