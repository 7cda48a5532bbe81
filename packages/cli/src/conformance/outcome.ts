/** The server did not do what a requirement says. Both texts are for people. */
export class Unmet extends Error {
  override readonly name = 'Unmet';
  readonly expected: string;
  readonly seen: string;

  constructor(expected: string, seen: string) {
    super(`expected ${expected}, saw ${seen}`);
    this.expected = expected;
    this.seen = seen;
  }
}

/** A requirement cannot be tested on this server, or from outside at all. The message is the reason. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/** Checks a fact. `seen` is called only if it does not hold. @throws Unmet */
export function expectThat(holds: boolean, expected: string, seen: () => string): void {
  if (!holds) throw new Unmet(expected, seen());
}
