/** Replaces a method of a class; returns what restores it. */
export function replace<Class extends object, Name extends keyof Class>(
  prototype: Class,
  name: Name,
  method: Class[Name],
): () => void {
  const original = prototype[name];
  prototype[name] = method;
  return () => {
    prototype[name] = original;
  };
}
