import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Runs those steps of a build that are out of date, in their order, and returns their names.
 *
 * A step is up to date when the names and contents of its inputs, its outputs and the settings are as they were when
 * it last ended. Times of files do not matter. Its `run` is told whether only inputs have changed, so that it may
 * build just what depends on them. What was read and written stands in `recordFile`; without it everything is built.
 */
export async function runOutOfDate({ root, recordFile, settings, steps, report = () => {} }) {
  const path = join(root, recordFile);
  const record = readRecord(path);
  const setting = fingerprintOf(root, settings).hash;
  const names = [];
  for (const { name, inputs, outputs, run } of steps) {
    const last = record[name];
    const isSameSetting = last?.setting === setting;
    const input = fingerprintOf(root, inputs).hash;
    const isSameInput = isSameSetting && last.input === input;
    if (isSameInput && last.output === fingerprintOf(root, outputs).hash) continue;

    report(name);
    const isIncremental = isSameSetting && !isSameInput;
    await run(isIncremental);
    // Incremental compilers look at their inputs only.
    if (isIncremental && last.files.some((file) => !existsSync(join(root, file)))) await run(false);
    const { hash, files } = fingerprintOf(root, outputs);
    record[name] = { setting, input, output: hash, files };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(record));
    names.push(name);
  }
  return names;
}

function readRecord(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * The files of a set, and one hash over their names and contents and the version of Node. A set has `paths` of files
 * and folders, which may be absent, and `without`, which says of a path whether it is left out.
 */
function fingerprintOf(root, { paths, without = () => false }) {
  const hash = createHash('sha256').update(process.version);
  const files = paths.flatMap((path) => filesIn(root, path, without)).sort();
  for (const file of files) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return { hash: hash.digest('hex'), files };
}

function filesIn(root, path, without) {
  const stats = without(path) ? undefined : statSync(join(root, path), { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesIn(root, `${path}/${name}`, without));
}
