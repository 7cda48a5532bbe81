import { isObject, type JsonObject, parseJson } from './json.js';

/** A command for the harness: one JSON object on a line. */
export type HarnessCommand =
  | {
      readonly cmd: 's2c';
      readonly to: string;
      readonly content: string;
      readonly qos: boolean;
      readonly type: number;
      readonly fingerprint: string | undefined;
    }
  | {
      readonly cmd: 'kick';
      readonly user: string;
      readonly code: number | undefined;
      readonly reason: string | undefined;
    }
  | { readonly cmd: 'online' };

/**
 * Parses a line. Defaults: `qos` is true, `typeu` is -1.
 *
 * @throws TypeError for an invalid command.
 */
export function parseHarnessCommand(line: string): HarnessCommand {
  const fields = parseJson(line);
  if (!isObject(fields)) throw new TypeError('a command must be one JSON object on a line');
  switch (fields['cmd']) {
    case 's2c':
      return {
        cmd: 's2c',
        to: required(fields, 'to'),
        content: required(fields, 'text'),
        qos: optional(fields, 'qos', 'boolean') ?? true,
        type: optional(fields, 'typeu', 'number') ?? -1,
        fingerprint: optional(fields, 'fp', 'string'),
      };
    case 'kick':
      return {
        cmd: 'kick',
        user: required(fields, 'user'),
        code: optional(fields, 'code', 'number'),
        reason: optional(fields, 'reason', 'string'),
      };
    case 'online':
      return { cmd: 'online' };
    default:
      throw new TypeError(`cmd must be s2c, kick or online, got ${JSON.stringify(fields['cmd'])}`);
  }
}

function required(fields: JsonObject, name: string): string {
  const value = optional(fields, name, 'string');
  if (value === undefined) throw new TypeError(`member ${name} is missing`);
  return value;
}

interface Kinds {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

/** A member that may be absent or null. */
function optional<Kind extends keyof Kinds>(
  fields: JsonObject,
  name: string,
  kind: Kind,
): Kinds[Kind] | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== kind)
    throw new TypeError(`member ${name} must be a ${kind}, got ${JSON.stringify(value)}`);
  return value as Kinds[Kind];
}
