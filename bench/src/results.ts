import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

/** What figures are worth nothing without. */
export function conditions(): Readonly<Record<string, string | number>> {
  return {
    at: new Date().toISOString(),
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    node: process.version,
    cpus: os.cpus().length,
    cpu: os.cpus()[0]?.model ?? '',
    loadAverage: os
      .loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
  };
}

/** Writes figures to results/, under the name of what was measured. Returns the path. */
export function keep(name: string, result: object): string {
  mkdirSync('results', { recursive: true });
  const path = join('results', `bench-${name}.json`);
  writeFileSync(path, `${JSON.stringify({ ...conditions(), ...result }, undefined, 2)}\n`);
  return path;
}
