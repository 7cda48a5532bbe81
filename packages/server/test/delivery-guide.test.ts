import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CRASHES } from './support/delivery-scenarios/crashes.js';
import { RECEIVERS } from './support/delivery-scenarios/receivers.js';
import { STORES_AND_HOOKS } from './support/delivery-scenarios/stores-and-hooks.js';

const guide = readFileSync(new URL('../../../docs/guide/delivery.md', import.meta.url), 'utf8');
const section = guide.split(/^## /m).find((part) => part.startsWith('Failure scenarios')) ?? '';

/** The names in the first column of the table. */
const rows = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name ?? '');

const scenarios = { ...RECEIVERS, ...CRASHES, ...STORES_AND_HOOKS };

describe('the table of failures in docs/guide/delivery.md', () => {
  it('has a row for each scenario, and a scenario for each row, once', () => {
    expect(rows.toSorted()).toEqual(Object.keys(scenarios).toSorted());
  });

  it.each(rows)('is right about %s', async (row) => {
    await scenarios[row]?.();
  });
});
