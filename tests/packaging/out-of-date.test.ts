import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOutOfDate, type Step } from '../../scripts/out-of-date.mjs';

describe('runOutOfDate', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'imcore-build-'));
    write('lock', '1');
    write('source', 'a');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (file: string, text: string) => writeFileSync(join(root, file), text);
  const read = (file: string) => readFileSync(join(root, file), 'utf8');

  /**
   * Two steps: `upper` is made of `source`, and `double` of `upper`. Returns the runs of both. Where `incremental` is
   * false, steps do nothing when they are run incrementally, as a compiler that thinks that its outputs are there.
   */
  async function build(incremental = true): Promise<string[]> {
    const runs: string[] = [];
    const step = (name: string, from: string, make: (text: string) => string): Step => ({
      name,
      inputs: { paths: [from] },
      outputs: { paths: [name] },
      run: (isIncremental) => {
        runs.push(isIncremental ? `${name} incrementally` : name);
        if (incremental || !isIncremental) write(name, make(read(from)));
      },
    });
    await runOutOfDate({
      root,
      recordFile: 'record/build.json',
      settings: { paths: ['lock'] },
      steps: [
        step('upper', 'source', (text) => text.toUpperCase()),
        step('double', 'upper', (text) => text + text),
      ],
    });
    return runs;
  }

  it('runs every step the first time', async () => {
    expect(await build()).toEqual(['upper', 'double']);
    expect(read('double')).toBe('AA');
  });

  it('runs nothing when only times have changed', async () => {
    await build();
    utimesSync(join(root, 'source'), 1, 1);
    utimesSync(join(root, 'double'), 2, 2);

    expect(await build()).toEqual([]);
  });

  it('runs what depends on a changed input, incrementally', async () => {
    await build();
    write('source', 'b');

    expect(await build()).toEqual(['upper incrementally', 'double incrementally']);
    expect(read('double')).toBe('BB');
  });

  it('runs nothing after a step whose output is the same as before', async () => {
    await build();
    write('source', 'A');

    expect(await build()).toEqual(['upper incrementally']);
  });

  it.each(['missing', 'altered'])('rebuilds an output that is %s', async (how) => {
    await build();
    if (how === 'missing') rmSync(join(root, 'double'));
    else write('double', 'XX');

    expect(await build()).toEqual(['double']);
    expect(read('double')).toBe('AA');
  });

  it('runs a step again as a whole when its incremental run leaves an output missing', async () => {
    await build();
    write('source', 'b');
    rmSync(join(root, 'upper'));

    expect(await build(false)).toEqual(['upper incrementally', 'upper', 'double incrementally']);
    expect(read('upper')).toBe('B');
  });

  it('runs everything when a setting has changed', async () => {
    await build();
    write('lock', '2');

    expect(await build()).toEqual(['upper', 'double']);
  });

  it('runs everything when its record is lost or damaged', async () => {
    await build();
    write('record/build.json', '{');

    expect(await build()).toEqual(['upper', 'double']);
  });
});
