import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const PROTOCOL = new URL('../../../../docs/protocol/', import.meta.url);

/** Over the names and contents of all recordings, as the original software made them. Nobody edits a recording. */
const DIGEST = 'b0b9aea950916af74e327da8c1f83cd59a48939e665fe5e82c6fe14569fa821a';

it('docs/protocol holds the recordings and observations of the original software unchanged', () => {
  const recordings = readdirSync(new URL('vectors/', PROTOCOL)).map((name) => `vectors/${name}`);
  const observations = readdirSync(PROTOCOL).filter((name) => /^observed-.*\.json$/.test(name));
  const hash = createHash('sha256');
  for (const name of [...recordings, ...observations].sort()) {
    hash.update(`${name}\0`).update(readFileSync(new URL(name, PROTOCOL)));
  }
  expect(hash.digest('hex')).toBe(DIGEST);
});
