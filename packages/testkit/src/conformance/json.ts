/** A JSON object of unknown members. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a value that is an object. @throws TypeError, naming `what`. */
export function requireObject(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw new TypeError(`${what} is not an object`);
  return value;
}

export function requireText(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new TypeError(`member ${name} is not a string`);
  return value;
}

export function requireNumber(object: JsonObject, name: string): number {
  const value = object[name];
  if (typeof value !== 'number') throw new TypeError(`member ${name} is not a number`);
  return value;
}

/** The objects of an array member; none where it is absent. */
export function objectsOf(object: JsonObject, name: string): JsonObject[] {
  const value = object[name] ?? [];
  if (!Array.isArray(value)) throw new TypeError(`member ${name} is not an array`);
  return value.map((member: unknown) => requireObject(member, `an element of ${name}`));
}

/** The value of a JSON text; `undefined` where it is invalid. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A text that is equal for equal values, whatever the order of their members. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'undefined';
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`);
  return `{${members.join(',')}}`;
}
