import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const PROTOCOL = new URL('../../../../docs/protocol/', import.meta.url);

/** The vectors of the extension are not recordings: no original software knows it. */
const OF_THE_EXTENSION = 'x-';

/** Of the names and contents of all recordings, as the original software made them. Recordings are never edited. */
const DIGEST = '4eb60b405923ef4f7166ca3619f2eb15db6323aad8896c5bb5cf522893714075';

it('docs/protocol holds the recordings and observations of the original software unchanged', () => {
  const recordings = readdirSync(new URL('vectors/', PROTOCOL))
    .filter((name) => name.endsWith('.json') && !name.startsWith(OF_THE_EXTENSION))
    .map((name) => `vectors/${name}`);
  const observations = readdirSync(PROTOCOL).filter((name) => /^observed-.*\.json$/.test(name));
  const hash = createHash('sha256');
  for (const name of [...recordings, ...observations].sort()) {
    hash.update(`${name}\0`).update(readFileSync(new URL(name, PROTOCOL)));
  }
  expect(hash.digest('hex')).toBe(DIGEST);
});
