import { z } from 'zod';

/** What can be set, all of it in the environment. */
export interface DemoSettings {
  /** Address of the three doors for users. */
  readonly host: string;
  readonly udpPort: number;
  readonly tcpPort: number;
  readonly wsPort: number;
  /** Address of REST, Swagger and the pages: who reaches it may act for everybody. */
  readonly httpHost: string;
  readonly httpPort: number;
  /** What requests to `/api` must bring in the header `x-api-key`; undefined: nothing. */
  readonly apiKey: string | undefined;
  /** `memory`, `none`, or the path of a file. */
  readonly store: string;
  /** `name:password,name:password`; undefined: see `usersFile`. */
  readonly users: string | undefined;
  /** JSON object of passwords by name. With neither, everybody may log in. */
  readonly usersFile: string | undefined;
  /** Most users that are logged in from inside the program at once. */
  readonly maxClients: number;
  /** Most callbacks that are kept for `GET /api/messages`. */
  readonly maxEvents: number;
  /** Most requests that follow `GET /api/messages` at once. */
  readonly maxWatchers: number;
}

/** A setting cannot be used. The message names the variable and what is allowed, never a secret. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

const text = z.string().min(1);
const number = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const port = number(0, 65_535);

interface Variable {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly allowed: string;
  readonly byDefault?: string | number;
}

const VARIABLES: { readonly [Name in keyof DemoSettings]: Variable } = {
  host: { name: 'IMCORE_HOST', schema: text, allowed: 'an address of this machine', byDefault: '0.0.0.0' },
  udpPort: { name: 'IMCORE_UDP_PORT', schema: port, allowed: '0 to 65535', byDefault: 7901 },
  tcpPort: { name: 'IMCORE_TCP_PORT', schema: port, allowed: '0 to 65535', byDefault: 8901 },
  wsPort: { name: 'IMCORE_WS_PORT', schema: port, allowed: '0 to 65535', byDefault: 3000 },
  httpHost: {
    name: 'IMCORE_HTTP_HOST',
    schema: text,
    allowed: 'an address of this machine',
    byDefault: '127.0.0.1',
  },
  httpPort: { name: 'IMCORE_HTTP_PORT', schema: port, allowed: '0 to 65535', byDefault: 8080 },
  apiKey: { name: 'IMCORE_API_KEY', schema: text, allowed: 'a text that is not empty' },
  store: {
    name: 'IMCORE_STORE',
    schema: text,
    allowed: 'memory, none, or the path of a file',
    byDefault: 'imcore-demo.db',
  },
  users: { name: 'IMCORE_USERS', schema: text, allowed: 'name:password,name:password' },
  usersFile: { name: 'IMCORE_USERS_FILE', schema: text, allowed: 'the path of a JSON file' },
  maxClients: {
    name: 'IMCORE_MAX_CLIENTS',
    schema: number(1, 100_000),
    allowed: '1 to 100000',
    byDefault: 100,
  },
  maxEvents: {
    name: 'IMCORE_MAX_EVENTS',
    schema: number(1, 100_000),
    allowed: '1 to 100000',
    byDefault: 1000,
  },
  maxWatchers: {
    name: 'IMCORE_MAX_WATCHERS',
    schema: number(1, 10_000),
    allowed: '1 to 10000',
    byDefault: 100,
  },
};

/** @throws SettingError */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): DemoSettings {
  const entries = Object.entries(VARIABLES).map(([key, { name, schema, allowed, byDefault }]) => {
    const given = environment[name];
    const value = given === undefined || given === '' ? byDefault : given;
    if (value === undefined) return [key, undefined];
    const result = schema.safeParse(value);
    if (!result.success) throw new SettingError(`${name} cannot be used; allowed: ${allowed}`);
    return [key, result.data];
  });
  return Object.fromEntries(entries) as DemoSettings;
}
