import type { Transport } from '@imcore/client/node';
import type { Case } from './case.js';
import { CASES } from './cases/index.js';
import { NotApplicable, Unmet } from './outcome.js';
import { Stage, type StageOptions } from './stage.js';

/** How many cases run at once. Each has users of its own. */
const CASES_AT_ONCE = 4;

/** A server under test, over one transport. */
interface Target {
  readonly url: string;
  readonly transport: Transport;
}

/** What became of one case. */
export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly section: string;
  readonly url: string;
  readonly outcome: 'passed' | 'failed' | 'not applicable' | 'not offered';
  /** Why it is not applicable. */
  readonly reason?: string;
  /** Of a failed case. */
  readonly expected?: string;
  readonly seen?: string;
}

/** What all cases have in common. */
interface RunOptions extends Omit<StageOptions, 'transport'> {
  /** IDs of the cases to run; undefined: all. */
  readonly only?: ReadonlySet<string> | undefined;
}

/**
 * Runs the cases against each target. The results are in the order of the targets, and for each in that of the cases.
 *
 * @throws Unmet if a target cannot be reached, or does not accept the login of an unknown user
 */
export async function runCases(targets: readonly Target[], options: RunOptions): Promise<CaseResult[]> {
  const runs: { run(): Promise<CaseResult> }[] = [];
  for (const [index, target] of targets.entries()) {
    const userPrefix = `${options.userPrefix}-${index + 1}`;
    const stageOptions = { ...options, userPrefix, transport: target.transport };
    const offersLog = await probe(new Stage(stageOptions, 'probe'));
    for (const each of CASES) {
      if (options.only !== undefined && !options.only.has(each.id)) continue;
      if (each.transports !== undefined && !each.transports.includes(target.transport.kind)) continue;
      runs.push({
        run: () => runCase(each, target.url, new Stage(stageOptions, each.id.toLowerCase()), offersLog),
      });
    }
  }
  return await severalAtOnce(runs.map(({ run }) => run));
}

/** Whether the server offers the extension's log. @throws Unmet if it cannot be reached, or rejects the login */
async function probe(stage: Stage): Promise<boolean> {
  try {
    (await stage.login(stage.user('v6'))).leave();
    return (await stage.device(stage.user('device'), 'probe')).answer !== undefined;
  } finally {
    stage.close();
  }
}

async function runCase(
  { id, title, section, needs, cannot, run }: Case,
  url: string,
  stage: Stage,
  offersLog: boolean,
): Promise<CaseResult> {
  const about = { id, title, section, url };
  if (cannot !== undefined) return { ...about, outcome: 'not applicable', reason: cannot };
  if (needs === 'log' && !offersLog) return { ...about, outcome: 'not offered' };
  try {
    await run?.(stage, offersLog);
    return { ...about, outcome: 'passed' };
  } catch (error) {
    if (error instanceof NotApplicable) return { ...about, outcome: 'not applicable', reason: error.message };
    if (!(error instanceof Unmet)) throw error;
    return { ...about, outcome: 'failed', expected: error.expected, seen: error.seen };
  } finally {
    stage.close();
  }
}

async function severalAtOnce<Result>(runs: readonly (() => Promise<Result>)[]): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < runs.length; index = next++) {
      const result = await runs[index]?.();
      if (result !== undefined) results[index] = result;
    }
  };
  await Promise.all(Array.from({ length: CASES_AT_ONCE }, work));
  return results;
}
