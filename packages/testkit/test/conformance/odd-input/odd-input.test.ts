import { systemClock } from '@imcore/server';
import { afterEach, describe, expect, it } from 'vitest';
import { parseJson, requireObject } from '../../../src/conformance/json.js';
import { codeSpans, readTable, requireCell } from '../../../src/conformance/markdown-table.js';
import { readProtocolFile } from '../fixtures.js';
import { beyondExperiments } from './beyond.js';
import { conductExperiments } from './conduct.js';
import { describeObserved } from './describe.js';
import type { Experiment } from './experiment.js';
import { identityExperiments } from './identities.js';
import { type Lab, socketLab, virtualLab } from './lab.js';
import { lenientExperiments } from './lenient.js';
import { loginExperiments } from './logins.js';
import { tcpExperiments } from './tcp-input.js';
import { udpExperiments } from './udp-input.js';
import { webSocketExperiments } from './websocket-input.js';

const experiments: readonly Experiment[] = [
  ...lenientExperiments,
  ...loginExperiments,
  ...conductExperiments,
  ...tcpExperiments,
  ...webSocketExperiments,
  ...udpExperiments,
  ...beyondExperiments,
  ...identityExperiments,
];
const rows = readTable(readProtocolFile('odd-input.md'), 'experiment');
const rowOf = new Map(rows.map((row) => [requireCell(row, 'experiment'), row]));
const observed = requireObject(parseJson(readProtocolFile('observed-java-server.json')), 'the observations');

/** A cell's outcome, without the code span around it. */
function outcomeIn(name: string, column: string): string | undefined {
  const cell = rowOf.get(name)?.cells.get(column);
  return cell === undefined ? undefined : codeSpans(cell)[0];
}

describe('our server given odd input', () => {
  let lab: Lab | undefined;

  afterEach(async () => {
    await lab?.close();
    lab = undefined;
  });

  it.each(experiments)(
    'answers as docs/protocol/odd-input.md says: $name',
    async (experiment) => {
      const options = {
        limits: experiment.limits ?? {},
        ...(experiment.inRealTime === true ? { clock: systemClock } : {}),
      };
      lab = await (experiment.overSockets === true ? socketLab(options) : virtualLab(options));
      const outcome = await experiment.run(lab);
      await lab.checkBystanders();
      lab.checkAmplification();
      expect(outcome).toBe(outcomeIn(experiment.name, 'ours'));
    },
    30_000,
  );
});

describe('docs/protocol/odd-input.md', () => {
  it('lists every experiment once, and those of the original by their names', () => {
    const names = experiments.map(({ name }) => name);
    expect([...rowOf.keys()].sort()).toEqual([...names].sort());
    expect(rows).toHaveLength(new Set(names).size);
    expect(Object.keys(observed).filter((name) => !rowOf.has(name))).toEqual([]);
    expect(Object.keys(observed).filter((name) => outcomeIn(name, 'the original') === undefined)).toEqual([]);
  });

  it.each(Object.keys(observed))('says what the original did: %s', (name) => {
    const observation = describeObserved(requireObject(observed[name], name));
    if (observation !== undefined && rowOf.get(name) !== undefined)
      expect(outcomeIn(name, 'the original')?.startsWith(observation)).toBe(true);
  });

  it('gives a reason where our answer differs, and only there', () => {
    const wrong = rows.filter((row) => {
      const original = row.cells.get('the original');
      const isSame = original !== undefined && original === requireCell(row, 'ours');
      return isSame !== (requireCell(row, 'why') === '–');
    });
    expect(wrong.map((row) => requireCell(row, 'experiment'))).toEqual([]);
  });
});
