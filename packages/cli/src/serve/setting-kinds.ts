import { isIP } from 'node:net';
import { z } from 'zod';

/** One setting: how it is written on the command line, its valid values and its default. */
export interface Setting<Value> {
  /** The value's placeholder on the command line; undefined for a switch. */
  readonly placeholder?: string;
  readonly description: string;
  /** Whether it has a flag. Default true; if false, only the environment variable and the configuration file set it. */
  readonly hasFlag?: boolean;
  /** Checks the value in the configuration file, and what `fromText` returns. */
  readonly schema: z.ZodType<Value>;
  /** Converts the text of a flag or an environment variable. Default: the text itself. */
  readonly fromText?: (text: string) => unknown;
  /** Completes the sentence "… must be" in the error message. */
  readonly expected: string;
  readonly byDefault: Value;
  /** Secret values never appear in messages. */
  readonly isSecret?: boolean;
}

export const text = z.string().min(1);
export const clusterWord = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** Checks the value of `cluster`; several NATS servers are separated by commas. */
export function isClusterUrl(given: string): boolean {
  if (given === 'postgres') return true;
  if (/^postgres(ql)?:/.test(given)) return /^postgres(ql)?:\/\//.test(given) && URL.canParse(given);
  return given.split(',').every((url) => /^(nats|tls):\/\/./.test(url.trim()) && URL.canParse(url.trim()));
}

/** Converts digits to a number. Other text stays as it is, for the schema to reject. */
export function numberFrom(given: string): number | string {
  return /^\d+$/.test(given) ? Number(given) : given;
}

export function booleanFrom(given: string): boolean | string {
  return given === 'true' || (given === 'false' ? false : given);
}

/** Parses `a,b`. */
export function listFrom(given: string): string[] {
  return given.split(',').map((item) => item.trim());
}

/** Whether a text is an IP address, or a network such as `10.0.0.0/8`. */
export function isNetwork(given: string): boolean {
  const [address = '', bits = '0', ...rest] = given.split('/');
  const family = isIP(address);
  return (
    family !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
  );
}

/** Parses `maxSessions=5000,packetsPerSecond=100`. */
export function limitsFrom(given: string): Record<string, number | string> {
  return Object.fromEntries(
    given.split(',').map((item) => {
      const [name = '', value = ''] = item.split('=', 2);
      return [name.trim(), numberFrom(value.trim())];
    }),
  );
}

export const port = (description: string, byDefault: number): Setting<number | 'off'> => ({
  placeholder: 'port',
  description,
  schema: z.union([z.literal('off'), z.number().int().min(0).max(65_535)]),
  fromText: numberFrom,
  expected: 'a number from 0 to 65535, or "off"',
  byDefault,
});

export const address = (description: string, byDefault: string): Setting<string> => ({
  placeholder: 'address',
  description,
  schema: text,
  expected: 'a string, an address of this machine',
  byDefault,
});

export const file = (description: string): Setting<string | undefined> => ({
  placeholder: 'file',
  description,
  schema: text,
  expected: 'a string, the path of a PEM file',
  byDefault: undefined,
});

export const queue = (description: string, byDefault: string): Setting<string> => ({
  placeholder: 'queue',
  description,
  schema: text.max(255),
  expected: 'a string, the name of a queue',
  byDefault,
});

export const withoutFlag = { hasFlag: false } as const;
