import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CASES } from '../../src/conformance/cases/index.js';

const PAGE = new URL('../../../../docs/protocol/conformance.md', import.meta.url);

describe('the page about conformance', () => {
  it('lists the cases, in the order of the report', () => {
    const rows = readFileSync(PAGE, 'utf8')
      .split('\n')
      .filter((line) => /^\| [A-Z]\d+ \|/.test(line));
    expect(rows).toEqual(CASES.map(({ id, section, title }) => `| ${id} | ${section} | ${title} |`));
  });
});
