import { z } from 'zod';

/** All settings, read from environment variables. */
export interface DemoSettings {
  /** Address that UDP, TCP and WebSocket listen on. */
  readonly host: string;
  readonly udpPort: number;
  readonly tcpPort: number;
  readonly wsPort: number;
  /** Address of REST, Swagger and the pages. Anyone who can reach it can act as any user. */
  readonly httpHost: string;
  readonly httpPort: number;
  /** Key that requests to `/api` must send in the header `x-api-key`; undefined: none. */
  readonly apiKey: string | undefined;
  /** `memory`, `none`, or the path of a file. */
  readonly store: string;
  /** How long the chat page finds messages again on another device, in milliseconds; 0: only what no device has taken. */
  readonly historyMs: number;
  /** `name:password,name:password`; undefined: see `usersFile`. */
  readonly users: string | undefined;
  /** Path of a JSON object of passwords by name. Without both, anyone can log in. */
  readonly usersFile: string | undefined;
  /** Maximum users logged in from inside the program. */
  readonly maxClients: number;
  /** Maximum callbacks kept for `GET /api/messages`. */
  readonly maxEvents: number;
  /** Maximum requests that follow `GET /api/messages`. */
  readonly maxWatchers: number;
}

/** A setting is invalid. The message has the variable and its valid values, but not the value, which may be secret. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

const text = z.string().min(1);
const number = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const port = number(0, 65_535);

const PORT = 'a port number from 0 to 65535';
const ADDRESS = 'an address of this machine';

interface Variable {
  readonly name: string;
  readonly schema: z.ZodType;
  /** Completes the sentence "… must be" in the error message. */
  readonly expected: string;
  readonly byDefault?: string | number;
}

const VARIABLES: { readonly [Name in keyof DemoSettings]: Variable } = {
  host: { name: 'IMCORE_HOST', schema: text, expected: ADDRESS, byDefault: '0.0.0.0' },
  udpPort: { name: 'IMCORE_UDP_PORT', schema: port, expected: PORT, byDefault: 7901 },
  tcpPort: { name: 'IMCORE_TCP_PORT', schema: port, expected: PORT, byDefault: 8901 },
  wsPort: { name: 'IMCORE_WS_PORT', schema: port, expected: PORT, byDefault: 3000 },
  httpHost: { name: 'IMCORE_HTTP_HOST', schema: text, expected: ADDRESS, byDefault: '127.0.0.1' },
  httpPort: { name: 'IMCORE_HTTP_PORT', schema: port, expected: PORT, byDefault: 8080 },
  apiKey: { name: 'IMCORE_API_KEY', schema: text, expected: 'a text that is not empty' },
  store: {
    name: 'IMCORE_STORE',
    schema: text,
    expected: 'memory, none, or the path of a file',
    byDefault: 'imcore-demo.db',
  },
  historyMs: {
    name: 'IMCORE_HISTORY_MS',
    schema: number(0, Number.MAX_SAFE_INTEGER),
    expected: 'a whole number of 0 or more',
    byDefault: 0,
  },
  users: { name: 'IMCORE_USERS', schema: text, expected: 'a list such as name:password,name:password' },
  usersFile: { name: 'IMCORE_USERS_FILE', schema: text, expected: 'the path of a JSON file' },
  maxClients: {
    name: 'IMCORE_MAX_CLIENTS',
    schema: number(1, 100_000),
    expected: 'a number from 1 to 100000',
    byDefault: 100,
  },
  maxEvents: {
    name: 'IMCORE_MAX_EVENTS',
    schema: number(1, 100_000),
    expected: 'a number from 1 to 100000',
    byDefault: 1000,
  },
  maxWatchers: {
    name: 'IMCORE_MAX_WATCHERS',
    schema: number(1, 10_000),
    expected: 'a number from 1 to 10000',
    byDefault: 100,
  },
};

/** @throws SettingError */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): DemoSettings {
  const entries = Object.entries(VARIABLES).map(([key, { name, schema, expected, byDefault }]) => {
    const given = environment[name];
    const value = given === undefined || given === '' ? byDefault : given;
    if (value === undefined) return [key, undefined];
    const result = schema.safeParse(value);
    if (!result.success) throw new SettingError(`${name} must be ${expected}`);
    return [key, result.data];
  });
  return Object.fromEntries(entries) as DemoSettings;
}
