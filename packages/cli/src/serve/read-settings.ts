import { readFileSync } from 'node:fs';
import { DEFAULT_LIMITS } from '@imcore/server';
import type { z } from 'zod';
import { CommandError, messageOf } from '../command-error.js';
import type { Setting } from './setting-kinds.js';
import {
  flagOf,
  REMOVED_SETTINGS,
  SETTING_NAMES,
  SETTINGS,
  type ServeSettings,
  type SettingName,
  variableOf,
} from './settings.js';

/** Sources of settings in order of precedence: flags, environment, file. */
export interface SettingSources {
  /** Values of the given flags, by setting name. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file; undefined for none. */
  readonly file: string | undefined;
}

/**
 * Reads and checks all settings.
 *
 * @throws CommandError with the setting as its source writes it, what it must be, and what it is.
 */
export function readSettings(sources: SettingSources): ServeSettings {
  const inFile = sources.file === undefined ? {} : readSettingsFile(sources.file);
  rejectRemoved(sources);
  const found = (name: SettingName): Found | undefined => {
    const inFlags = sources.flags[name];
    if (inFlags !== undefined) return { value: inFlags, as: flagOf(name), isText: true };
    const variable = variableOf(name);
    const inEnvironment = sources.environment[variable];
    if (inEnvironment !== undefined && inEnvironment !== '')
      return { value: inEnvironment, as: variable, isText: true };
    if (name in inFile) return { value: inFile[name], as: `${name} in ${sources.file}`, isText: false };
    return undefined;
  };
  const settings = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, check(SETTINGS[name], found(name))]),
  ) as unknown as ServeSettings;
  checkCombination(settings);
  return settings;
}

interface Found {
  readonly value: unknown;
  /** The setting as its source writes it. */
  readonly as: string;
  /** Whether the source is a flag or an environment variable. The file has JSON values. */
  readonly isText: boolean;
}

/** Explains flags and variables that no longer exist: ignoring them would hide a change. */
function rejectRemoved({ flags, environment }: SettingSources): void {
  for (const [name, advice] of Object.entries(REMOVED_SETTINGS)) {
    if (flags[name] !== undefined) throw new CommandError(`${flagOf(name)} was removed`, advice);
    if (environment[variableOf(name)] !== undefined)
      throw new CommandError(`${variableOf(name)} was removed`, advice);
  }
  for (const name of SETTING_NAMES) {
    if (SETTINGS[name].hasFlag === false && flags[name] !== undefined) {
      throw new CommandError(
        `${flagOf(name)} was removed`,
        `Set "${name}" in the configuration file (--config), or the environment variable ${variableOf(name)}.`,
      );
    }
  }
}

function check(setting: Setting<unknown>, found: Found | undefined): unknown {
  if (found === undefined) return setting.byDefault;
  const { value: given, as, isText } = found;
  const { fromText } = setting;
  const value = isText && typeof given === 'string' && fromText !== undefined ? fromText(given) : given;
  const result = setting.schema.safeParse(value);
  if (result.success) return result.data;
  const member = problemOfMember(result.error, value, as);
  if (member !== undefined) throw member;
  throw new CommandError(`${as} must be ${setting.expected}${gotText(setting, given, isText)}`);
}

/** The error for one member of an object; undefined if the value itself is wrong. */
function problemOfMember({ issues }: z.ZodError, value: unknown, as: string): CommandError | undefined {
  const [issue] = issues;
  if (issue?.code === 'unrecognized_keys') {
    const names = Object.keys(DEFAULT_LIMITS).join(', ');
    return new CommandError(`Unknown limit "${issue.keys[0]}" in ${as}`, `Valid limits: ${names}.`);
  }
  const [name] = issue?.path ?? [];
  if (typeof name !== 'string' || typeof value !== 'object' || value === null) return undefined;
  const got = describeValue((value as Readonly<Record<string, unknown>>)[name]);
  return new CommandError(`${name} in ${as} must be a whole number of 1 or more, got ${got}`);
}

/** Names the type of a value from the file: there, `"8901"` and `8901` are different. */
function gotText(setting: Setting<unknown>, given: unknown, isText: boolean): string {
  if (setting.isSecret === true) return typeof given === 'string' ? '' : `, got ${describeType(given)}`;
  return `, got ${isText ? JSON.stringify(given) : describeValue(given)}`;
}

function describeValue(value: unknown): string {
  const isSimple = ['string', 'number', 'boolean'].includes(typeof value);
  return isSimple ? `the ${typeof value} ${JSON.stringify(value)}` : describeType(value);
}

function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function readSettingsFile(path: string): Record<string, unknown> {
  let settings: unknown;
  try {
    settings = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandError(
      `Cannot read the configuration file ${path}: ${messageOf(error)}`,
      'It must contain a JSON object.',
    );
  }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new CommandError(
      `The configuration file ${path} must contain a JSON object, got ${describeType(settings)}`,
      'Example: {"tcpPort": 8901}',
    );
  }
  for (const name of Object.keys(settings)) {
    if (Object.hasOwn(SETTINGS, name)) continue;
    if (Object.hasOwn(REMOVED_SETTINGS, name))
      throw new CommandError(`"${name}" in ${path} was removed`, REMOVED_SETTINGS[name]);
    throw new CommandError(
      `Unknown setting "${name}" in ${path}.`,
      `Valid settings: ${SETTING_NAMES.join(', ')}.`,
    );
  }
  return settings as Record<string, unknown>;
}

/** Checks settings that are valid individually but not together. */
function checkCombination(settings: ServeSettings): void {
  const { tcpPort, udpPort, wsPort, tlsCert, tlsKey, historyMs, store } = settings;
  checkCluster(settings);
  if (historyMs > 0 && store === 'none') {
    throw new CommandError(
      `historyMs is ${historyMs}, but store is none`,
      `A history requires a store: set ${flagOf('store')} or ${variableOf('store')}.`,
    );
  }
  if (tcpPort === 'off' && udpPort === 'off' && wsPort === 'off') {
    throw new CommandError('tcpPort, udpPort and wsPort are all off', 'Enable at least one listener.');
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [given, missing] = tlsCert === undefined ? ['tlsKey', 'tlsCert'] : ['tlsCert', 'tlsKey'];
    throw new CommandError(
      `${given} is set, but ${missing} is not`,
      'TLS requires both a certificate and its private key.',
    );
  }
}

function checkCluster({ cluster, nodeId, store }: ServeSettings): void {
  if (cluster === undefined) {
    if (nodeId === undefined) return;
    throw new CommandError(
      'nodeId is set, but cluster is not',
      `Set ${flagOf('cluster')} or ${variableOf('cluster')}.`,
    );
  }
  if (/^postgres(ql)?:\/\//.test(store)) return;
  const kind = store === 'memory' || store === 'none' ? store : 'a file';
  throw new CommandError(
    `A cluster requires a store that all nodes share: a PostgreSQL database, got ${kind}`,
    `Set ${flagOf('store')} postgres://… or ${variableOf('store')}, the same for all nodes.`,
  );
}
