import { expect, it } from 'vitest';
import { GroupCommit } from '../src/group-commit.js';

const BUSY = Object.assign(new Error('database is locked'), { errcode: 5, code: 'ERR_SQLITE_ERROR' });
const HALF = 8 * 1024 * 1024;

it('accepts as much as before after calls that waited for a lock have failed for another reason', async () => {
  let failure: Error | undefined = BUSY;
  const commits = new GroupCommit(
    (work) => {
      if (failure !== undefined) throw failure;
      work();
    },
    { lockTimeoutMs: 60_000, now: () => 0 },
  );
  const first = commits.add(() => 1);
  commits.flush();
  expect(commits.isLocked).toBe(true);
  const waiting = [
    first,
    commits.add(
      () => 2,
      () => HALF,
    ),
    commits.add(
      () => 3,
      () => HALF,
    ),
  ];
  failure = new Error('disk full');
  const outcomes = Promise.allSettled(waiting);
  commits.flush();
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  failure = BUSY;
  const later = [commits.add(() => 4)];
  commits.flush();
  later.push(
    commits.add(
      () => 5,
      () => HALF,
    ),
    commits.add(
      () => 6,
      () => HALF,
    ),
  );
  failure = undefined;
  commits.flush();
  expect(await Promise.all(later)).toEqual([4, 5, 6]);
});
