import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ours = new URL('../../../../docs/protocol/', import.meta.url);
/** The source of the recordings, beside the project. */
const source = new URL('../../../../../shared/protocol/', import.meta.url);
const hasSource = existsSync(source);
const title = hasSource ? '' : ' (SKIPPED: there is no ../shared/protocol to compare with)';

function filesIn(directory: URL): string[] {
  const recordings = readdirSync(new URL('vectors/', directory)).map((name) => `vectors/${name}`);
  const observations = readdirSync(directory).filter((name) => /^observed-.*\.json$/.test(name));
  return [...recordings, ...observations].sort();
}

describe.skipIf(!hasSource)(`docs/protocol as copied from ../shared/protocol${title}`, () => {
  it('has the same recordings and observations', () => {
    expect(filesIn(ours)).toEqual(filesIn(source));
  });

  it('has every one of them byte for byte', () => {
    const changed = filesIn(source).filter(
      (name) => !readFileSync(new URL(name, ours)).equals(readFileSync(new URL(name, source))),
    );
    expect(changed).toEqual([]);
  });
});
