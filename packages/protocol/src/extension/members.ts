import { isWellFormed, MAX_ID_LENGTH } from '../packet.js';

/** The largest position, message id and time of the extension: 2^53 - 1. */
export const MAX_WHOLE = Number.MAX_SAFE_INTEGER;

/** Stands for bytes that are not UTF-8: ids with it are rejected, so that different bytes never become the same id. */
const REPLACEMENT = '\ufffd';

/** A member of the extension that is not what it must be. Contains no content of messages. */
export class InvalidMember {
  /** Where it is, for example `x.pos.s`. */
  readonly member: string;
  /** What it must be, for example `a whole number from 0 to 9007199254740991`. */
  readonly expected: string;
  /** What was received: the JSON type, or `nothing`. */
  readonly received: string;

  constructor(member: string, expected: string, received: unknown) {
    this.member = member;
    this.expected = expected;
    this.received = kindOf(received);
  }

  /** For logs and errors: which member, what it must be, and what was received. */
  get message(): string {
    return `member ${this.member} must be ${this.expected}, got ${this.received}`;
  }
}

/**
 * Reads the members of a JSON object strictly: no conversions, and `null` is never valid. The first invalid member is kept,
 * and {@link result} returns it instead of the value, so that a reader can name all members of its result in one expression.
 * Members that nobody reads are ignored.
 */
export class Members {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #problems: InvalidMember[];

  /** `path` names the object in errors. */
  constructor(value: unknown, path: string, problems: InvalidMember[] = []) {
    this.#path = path;
    this.#problems = problems;
    this.#fields = isObject(value) ? value : {};
    if (!isObject(value)) problems.push(new InvalidMember(path, 'an object', value));
  }

  /** All members, also those that no reader knows. */
  get all(): Readonly<Record<string, unknown>> {
    return this.#fields;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined;
  }

  /** Returns `value`, or the first invalid member. */
  result<T>(value: T): T | InvalidMember {
    return this.#problems[0] ?? value;
  }

  /** Reports a member as invalid. */
  reject(name: string, expected: string): void {
    this.#problems.push(new InvalidMember(`${this.#path}.${name}`, expected, this.#fields[name]));
  }

  integer(name: string, min: number, max: number): number {
    const value = this.#fields[name];
    if (isWhole(value, min, max)) return value;
    this.reject(name, `a whole number from ${min} to ${max}`);
    return min;
  }

  optionalInteger(name: string, min: number, max: number): number | undefined {
    return this.has(name) ? this.integer(name, min, max) : undefined;
  }

  /** A position, or another number of an order: 0 to 2^53 - 1. */
  position(name: string): number {
    return this.integer(name, 0, MAX_WHOLE);
  }

  /** A text of `min` to `max` UTF-16 code units. */
  text(name: string, min: number, max: number): string {
    const value = this.#fields[name];
    if (isText(value, min, max)) return value;
    this.reject(name, textOf(min, max));
    return '';
  }

  optionalText(name: string, min: number, max: number): string | undefined {
    return this.has(name) ? this.text(name, min, max) : undefined;
  }

  /** A user id, group id or fingerprint. */
  id(name: string): string {
    return this.text(name, 1, MAX_ID_LENGTH);
  }

  optionalId(name: string): string | undefined {
    return this.optionalText(name, 1, MAX_ID_LENGTH);
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#fields[name];
    if (value === undefined || typeof value === 'boolean') return value;
    this.reject(name, 'true or false');
    return undefined;
  }

  array(name: string, max: number): readonly unknown[] {
    const value = this.#fields[name];
    if (Array.isArray(value) && value.length <= max) return value;
    this.reject(name, `an array of at most ${max} elements`);
    return [];
  }

  /** Texts of 1 to `maxLength` code units. */
  texts(name: string, max: number, maxLength: number): readonly string[] {
    const values = this.array(name, max);
    const invalid = values.findIndex((value) => !isText(value, 1, maxLength));
    if (invalid < 0) return values as readonly string[];
    const member = `${this.#path}.${name}[${invalid}]`;
    this.#problems.push(new InvalidMember(member, textOf(1, maxLength), values[invalid]));
    return [];
  }

  object(name: string): Members {
    return new Members(this.#fields[name], `${this.#path}.${name}`, this.#problems);
  }

  optionalObject(name: string): Members | undefined {
    return this.has(name) ? this.object(name) : undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns whether a value is a user id, a group id or a fingerprint. */
export function isId(value: unknown): value is string {
  return isText(value, 1, MAX_ID_LENGTH);
}

/** Returns whether a value is a whole number from `min` to `max`. */
export function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}

function isText(value: unknown, min: number, max: number): value is string {
  if (typeof value !== 'string' || value.length < min || value.length > max) return false;
  return isWellFormed(value) && !value.includes(REPLACEMENT);
}

function textOf(min: number, max: number): string {
  return `a Unicode text of ${min} to ${max} characters`;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return typeof value === 'object' ? 'an object' : String(value);
}
