import { readFileSync } from 'node:fs';
import { CommandError, messageOf } from '../command-error.js';
import {
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type ServeSettings,
  type Setting,
  type SettingName,
  variableOf,
} from './settings.js';

/** Where settings come from, the first that has one wins: flags, environment, file, default. */
export interface SettingSources {
  /** Values of the flags that were given, by the setting's name. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file; undefined for none. */
  readonly file: string | undefined;
}

/**
 * Reads and checks all settings.
 *
 * @throws CommandError that names the setting as it was written, its value and what is allowed.
 */
export function readSettings(sources: SettingSources): ServeSettings {
  const inFile = sources.file === undefined ? {} : readSettingsFile(sources.file);
  const found = (name: SettingName): Found | undefined => {
    const inFlags = sources.flags[name];
    if (inFlags !== undefined) return { value: inFlags, as: flagOf(name) };
    const variable = variableOf(name);
    const inEnvironment = sources.environment[variable];
    if (inEnvironment !== undefined && inEnvironment !== '') return { value: inEnvironment, as: variable };
    if (name in inFile) return { value: inFile[name], as: `${name} in ${sources.file}` };
    return undefined;
  };
  const settings = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, check(SETTINGS[name], found(name))]),
  ) as unknown as ServeSettings;
  checkTogether(settings);
  return settings;
}

interface Found {
  readonly value: unknown;
  /** The setting as its source writes it. */
  readonly as: string;
}

function check(setting: Setting<unknown>, found: Found | undefined): unknown {
  if (found === undefined) return setting.byDefault;
  const result = setting.schema.safeParse(found.value);
  if (result.success) return result.data;
  const value = setting.isSecret === true ? 'not usable' : JSON.stringify(found.value);
  throw new CommandError(`${found.as} is ${value}`, `Allowed: ${setting.allowed}.`);
}

function readSettingsFile(path: string): Record<string, unknown> {
  let settings: unknown;
  try {
    settings = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandError(
      `the file ${path} cannot be read: ${messageOf(error)}`,
      'It must be a JSON object.',
    );
  }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new CommandError(`the file ${path} holds JSON that is no object`, 'For example: {"tcpPort": 8901}');
  }
  for (const name of Object.keys(settings)) {
    if (!Object.hasOwn(SETTINGS, name)) {
      throw new CommandError(`${name} in ${path} is no setting`, `There are ${SETTING_NAMES.join(', ')}.`);
    }
  }
  return settings as Record<string, unknown>;
}

/** Settings that are right each by itself and wrong together. */
function checkTogether({ tcpPort, udpPort, wsPort, tlsCert, tlsKey }: ServeSettings): void {
  if (tcpPort === 'off' && udpPort === 'off' && wsPort === 'off') {
    throw new CommandError('all of tcpPort, udpPort and wsPort are off', 'Leave at least one door open.');
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [given, missing] = tlsCert === undefined ? ['tlsKey', 'tlsCert'] : ['tlsCert', 'tlsKey'];
    throw new CommandError(
      `${given} is given without ${missing}`,
      'TLS needs both a certificate and its key.',
    );
  }
}
