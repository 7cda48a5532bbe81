import { describe, expect, it } from 'vitest';
import { judgeDifferences, parseKnownDifferences } from '../../src/conformance/known-differences.js';

const table = (row: string) =>
  `| conversations | difference | the original | ours | why |\n|---|---|---|---|---|\n${row}`;
const known = parseKnownDifferences(
  table('| `{tcp,udp}-a` | `*#1 has close` <br> `2× server lacks c2c *` | x | y | z |'),
);
const expected = ['tcp#1 has close', 'server lacks c2c one', 'server lacks c2c two'];

describe('judgeDifferences', () => {
  it('accepts exactly the documented differences', () => {
    expect(judgeDifferences(known, 'udp-a', expected)).toEqual({ undocumented: [], outdated: [] });
  });

  it('reports a difference that is in no row', () => {
    const { undocumented } = judgeDifferences(known, 'tcp-a', [...expected, 'tcp#1 lacks 51']);
    expect(undocumented).toEqual(['tcp#1 lacks 51']);
  });

  it('reports a difference that occurs more often than its row says', () => {
    const { undocumented } = judgeDifferences(known, 'tcp-a', [...expected, 'server lacks c2c three']);
    expect(undocumented).toEqual(['server lacks c2c three']);
  });

  it('reports a row whose difference does not occur', () => {
    const { outdated } = judgeDifferences(known, 'tcp-a', expected.slice(1));
    expect(outdated).toEqual(['line 3: *#1 has close (0 of 1 times)']);
  });

  it('reports a row whose difference occurs less often than it says', () => {
    const { outdated } = judgeDifferences(known, 'tcp-a', expected.slice(0, 2));
    expect(outdated).toEqual(['line 3: server lacks c2c * (1 of 2 times)']);
  });

  it('applies a row only to the conversations that it names', () => {
    expect(judgeDifferences(known, 'ws-a', expected).undocumented).toEqual(expected);
  });

  it('matches every character of a pattern but the star literally', () => {
    const row = parseKnownDifferences(table('| `a` | `tcp#1 has {"code":1}.` | x | y | z |'));
    expect(judgeDifferences(row, 'a', ['tcp#1 has {"code":1}!']).undocumented).toHaveLength(1);
    expect(judgeDifferences(row, 'a', ['tcp#1 has {"code":1}.']).undocumented).toEqual([]);
  });
});

describe('parseKnownDifferences', () => {
  it('rejects a row without a reason', () => {
    expect(() => parseKnownDifferences(table('| `a` | `b` | x | y | |'))).toThrow('line 3');
  });

  it('rejects a row with too few cells', () => {
    expect(() => parseKnownDifferences(table('| `a` | `b` | x |'))).toThrow('line 3 has 3 cells');
  });

  it('rejects a text without the table', () => {
    expect(() => parseKnownDifferences('# nothing')).toThrow('no table');
  });
});
