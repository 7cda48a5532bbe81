import type { CopyProgress } from '@imcore/server/ports';

/**
 * Returns a listener for the progress of a copy that reports it in percent, at most once for every tenth. When a failed copy starts again, so
 * do the reports.
 */
export function inSteps(report: (percent: number) => void): (progress: CopyProgress) => void {
  let reported = 0;
  return ({ done, total }) => {
    const percent = total === 0 ? 100 : Math.floor((done * 100) / total);
    if (percent < reported) reported = 0;
    if (percent < reported + 10) return;
    reported = percent;
    report(percent);
  };
}
