import { PacketType } from '@imcore/protocol';
import { UsageError } from './errors.js';
import type { Hooks } from './hooks.js';
import { DEFAULT_LIMITS, type ServerLimits } from './limits.js';
import type { ServerOptions } from './options.js';
import type { SessionPolicy } from './users/session-policy.js';

/** All names of an object's options. The compiler checks that none is missing. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

const SERVER_OPTIONS: OptionNames<ServerOptions> = {
  transports: true,
  hooks: true,
  store: true,
  cluster: true,
  routes: true,
  handlers: true,
  sessions: true,
  limits: true,
  trustedProxies: true,
  storeAfterMs: true,
  storeTimeoutMs: true,
  hookTimeoutMs: true,
  retry: true,
  stampServerTime: true,
  logger: true,
  clock: true,
  random: true,
};

const HOOKS: OptionNames<Hooks> = {
  authenticate: true,
  authorizeMessage: true,
  onServerMessage: true,
  onUndeliverable: true,
  onStored: true,
};

/**
 * Checks what the caller gave and fills in the limits.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function checkOptions(options: ServerOptions): ServerLimits {
  checkObject('options', options, 'createServer({ transports: [tcp()] })');
  checkNames(options, SERVER_OPTIONS);
  checkMethods('store', options.store, ['append', 'take', 'confirm'], "sqliteStore({ file: 'messages.db' })");
  checkTransports(options.transports);
  checkHooks(options.hooks ?? {});
  checkCluster(options);
  checkRoutes(options.routes ?? []);
  checkHandlers(options.handlers ?? {});
  checkInteger('storeAfterMs', options.storeAfterMs, 1);
  checkInteger('storeTimeoutMs', options.storeTimeoutMs, 1);
  checkInteger('hookTimeoutMs', options.hookTimeoutMs, 1);
  checkNames(options.retry ?? {}, { waitMs: true, retries: true }, 'retry.');
  checkInteger('retry.waitMs', options.retry?.waitMs, 1);
  checkInteger('retry.retries', options.retry?.retries, 0);
  checkBoolean('stampServerTime', options.stampServerTime);
  checkMethods('logger', options.logger, ['debug', 'info', 'warn', 'error'], 'pino()');
  checkMethods('clock', options.clock, ['now', 'wallTime', 'schedule'], 'systemClock');
  checkFunction('random', options.random);
  checkSessions(options.sessions ?? {});
  checkNames(options.limits ?? {}, DEFAULT_LIMITS, 'limits.');
  const given = Object.entries(options.limits ?? {}).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) checkInteger(`limits.${name}`, value, 1);
  return Object.freeze({ ...DEFAULT_LIMITS, ...Object.fromEntries(given) });
}

function checkSessions(sessions: SessionPolicy): void {
  checkObject('sessions', sessions, "{ policy: 'one' }");
  checkNames(sessions, { policy: true, v6: true, maxDevices: true }, 'sessions.');
  const { policy, v6, maxDevices } = sessions;
  if (policy !== undefined) checkOneOf('sessions.policy', policy, ['many', 'one-per-kind', 'one']);
  if (v6 !== undefined) checkOneOf('sessions.v6', v6, ['beside', 'exclusive']);
  checkInteger('sessions.maxDevices', maxDevices, 1);
}

function checkTransports(given: unknown): void {
  if (!Array.isArray(given) || given.length === 0)
    throw invalid('transports', 'an array with at least one of tcp(), udp(), websocket()', given);
  for (const [index, transport] of given.entries())
    checkMethods(
      `transports[${index}]`,
      transport,
      ['listen', 'stopAccepting', 'close'],
      'tcp()',
      'required',
    );
}

/** Checks the hooks. A plain object must have no other properties; an instance of a class may. */
function checkHooks(hooks: Hooks): void {
  checkObject('hooks', hooks, '{ authenticate: … }');
  if (Object.getPrototypeOf(hooks) === Object.prototype) checkNames(hooks, HOOKS, 'hooks.');
  for (const name of Object.keys(HOOKS)) checkFunction(`hooks.${name}`, hooks[name as keyof Hooks]);
}

function checkCluster({ cluster, store }: ServerOptions): void {
  if (cluster === undefined) return;
  checkMethods(
    'cluster',
    cluster,
    ['start', 'send', 'broadcast', 'close'],
    'postgresCluster({ url, nodeId })',
  );
  if (store?.shared !== undefined) return;
  throw new UsageError(
    'ERR_INVALID_OPTION',
    `option cluster needs a store that several servers can share, for example postgresStore({ url }); ${store === undefined ? 'there is no store' : 'this store cannot be shared'}`,
  );
}

function checkRoutes(routes: unknown): void {
  if (!Array.isArray(routes)) throw invalid('routes', 'an array', routes);
  for (const [index, route] of routes.entries())
    checkMethods(`routes[${index}]`, route, ['take'], 'rabbitmq({ url })', 'required');
}

function checkHandlers(handlers: object): void {
  checkObject('handlers', handlers, '{ 6: { allowed, isWork, handle } }');
  const builtIn: readonly number[] = Object.values(PacketType);
  for (const [type, handler] of Object.entries(handlers)) {
    const name = `handlers[${type}]`;
    if (!/^\d+$/.test(type) || builtIn.includes(Number(type)))
      throw new UsageError(
        'ERR_INVALID_OPTION',
        `option ${name}: the key must be a packet type that the server does not handle itself`,
      );
    checkMethods(name, handler, ['handle'], "{ allowed: 'logged-in', isWork: false, handle }", 'required');
    const { allowed, isWork } = handler;
    if (!['anyone', 'logged-in', 'in-own-name'].includes(allowed))
      throw invalid(`${name}.allowed`, "one of 'anyone', 'logged-in', 'in-own-name'", allowed);
    if (typeof isWork !== 'boolean') throw invalid(`${name}.isWork`, 'true or false', isWork);
  }
}

/** Rejects unknown options: otherwise a misspelled one would silently have no effect. */
export function checkNames(given: object, known: object, prefix = ''): void {
  if (typeof given !== 'object' || given === null)
    throw invalid(prefix === '' ? 'options' : prefix.slice(0, -1), 'an object', given);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new UsageError(
    'ERR_INVALID_OPTION',
    `option ${prefix}${unknown} does not exist. Valid options: ${Object.keys(known).join(', ')}`,
  );
}

/** Checks an optional number of an option: counts, ports, bytes and milliseconds are whole. */
export function checkInteger(
  name: string,
  value: number | undefined,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return;
  if (typeof value !== 'number') throw invalid(name, 'a number', value);
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`;
  throw new UsageError('ERR_INVALID_OPTION', `option ${name} must be a whole number ${range}, got ${value}`);
}

/** Checks the name of a cluster or of a node, which becomes a part of subjects and channels. */
export function checkClusterName(name: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)) return;
  throw invalid(name, '1 to 64 of A-Z a-z 0-9 _ -', value);
}

/** Checks an option whose values are listed. */
export function checkOneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (typeof value === 'string' && allowed.includes(value)) return;
  throw invalid(name, `one of ${allowed.join(', ')}`, value);
}

export function checkBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalid(name, 'true or false', value);
}

function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw invalid(name, 'a function', value);
}

function checkObject(name: string, value: unknown, example: string): void {
  if (typeof value !== 'object' || value === null)
    throw invalid(name, `an object, for example ${example}`, value);
}

/** Checks that an object has the required methods. */
function checkMethods(
  name: string,
  value: unknown,
  methods: readonly string[],
  example: string,
  presence: 'optional' | 'required' = 'optional',
): void {
  if (value === undefined && presence === 'optional') return;
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  if (!isObject) throw invalid(name, `an object, for example ${example}`, value);
  const missing = methods.find((method) => typeof Reflect.get(value, method) !== 'function');
  if (missing === undefined) return;
  throw new UsageError(
    'ERR_INVALID_OPTION',
    `option ${name} must be an object with a method ${missing}, for example ${example}`,
  );
}

function invalid(name: string, expected: string, value: unknown): UsageError {
  return new UsageError('ERR_INVALID_OPTION', `option ${name} must be ${expected}, got ${typeName(value)}`);
}

/** Describes a value for an error message: `the string "8901"`, `true`, `an array`. Long strings are cut. */
export function typeName(value: unknown): string {
  if (typeof value === 'string')
    return `the string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'number' || typeof value === 'bigint') return `the ${typeof value} ${value}`;
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return String(value);
}
