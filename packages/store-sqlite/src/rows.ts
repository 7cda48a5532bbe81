/** A column of a row as a number. */
export function numberOf(row: unknown, name: string): number {
  return Number(column(row, name));
}

/** A column of a row as a number; undefined for NULL. */
export function integerOf(row: unknown, name: string): number | undefined {
  const value = column(row, name);
  return typeof value === 'number' ? value : undefined;
}

export function textOf(row: unknown, name: string): string {
  return String(column(row, name));
}

/** A column's bytes; an empty buffer for NULL. */
export function bytesOf(row: unknown, name: string): Buffer {
  const value = column(row, name);
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.alloc(0);
}

function column(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[name] : undefined;
}
