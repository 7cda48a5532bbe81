import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAILURES } from './failure-scenarios.js';

describe.each(['scaling.md', 'scaling.zh-CN.md'])('the table of failures in docs/guide/%s', (name) => {
  const guide = readFileSync(new URL(`../../../../docs/guide/${name}`, import.meta.url), 'utf8');
  const rows = [...guide.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, row]) => row ?? '');

  it('has a row for each scenario, and a scenario for each row, once', () => {
    expect(rows.toSorted()).toEqual(Object.keys(FAILURES).toSorted());
  });
});

describe('the table of failures', () => {
  it.each(Object.keys(FAILURES))('is right about %s', async (row) => {
    await FAILURES[row]?.();
  });
});
