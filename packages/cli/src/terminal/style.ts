/** Text styles by meaning. */
export interface Style {
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly name: (text: string) => string;
}

/** Returns colours for a terminal, none with NO_COLOR, on a dumb terminal or for a pipe. */
export function createStyle(
  output: { readonly isTTY?: boolean | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): Style {
  const isColourful =
    output.isTTY === true && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
  const paint = (code: number) =>
    isColourful ? (text: string) => `\u001b[${code}m${text}\u001b[0m` : (text: string) => text;
  return { faint: paint(2), good: paint(32), bad: paint(31), name: paint(36) };
}
