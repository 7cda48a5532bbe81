import { StoreError } from '@imcore/server';
import { settlePromises, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { openWithin } from '../../src/serve/wait-for-database.js';

function failure(code: string, message = 'no'): StoreError {
  const cause = Object.assign(new Error(message), code === '' ? {} : { code });
  return new StoreError('ERR_STORE_FAILED', `PostgreSQL: ${code}`, { cause });
}

/** Opens a database that fails with these errors, one for each attempt, and then opens. */
function start(errors: readonly StoreError[], waitMs = 10_000) {
  const clock = new VirtualClock();
  const reports: string[] = [];
  const state = { attempts: 0, outcome: 'waiting' as unknown };
  const open = async (): Promise<void> => {
    state.attempts += 1;
    const error = errors[state.attempts - 1];
    if (error !== undefined) throw error;
  };
  openWithin(open, { waitMs, clock, report: (reason) => reports.push(reason) }).then(
    () => {
      state.outcome = 'open';
    },
    (error) => {
      state.outcome = error;
    },
  );
  return { clock, reports, state };
}

describe('a database that is not reachable at the start', () => {
  it('is tried once a second until it is, and the reason is reported once', async () => {
    const { clock, reports, state } = start([failure('ECONNREFUSED'), failure('57P03'), failure('')]);
    await clock.advanceAsync(2999);
    expect([state.attempts, state.outcome]).toEqual([3, 'waiting']);
    await clock.advanceAsync(1);
    expect([state.attempts, state.outcome]).toEqual([4, 'open']);
    expect(reports).toEqual(['PostgreSQL: ECONNREFUSED']);
  });

  it('is given up at the deadline with the last reason', async () => {
    const { clock, state } = start(new Array(20).fill(failure('ECONNREFUSED')), 5000);
    await clock.advanceAsync(60_000);
    expect(state.attempts).toBe(6);
    expect(state.outcome).toMatchObject({ code: 'ERR_STORE_FAILED' });
  });

  it.each([
    ['a wrong password', failure('28P01')],
    ['no password', failure('', 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string')],
    ['an unknown database', failure('3D000')],
    ['an invalid url', new StoreError('ERR_STORE_FAILED', 'url must be a valid PostgreSQL URL')],
    ['a newer schema', new StoreError('ERR_STORE_NEWER', 'newer')],
  ])('is not waited for with %s', async (_name, error) => {
    const { reports, state } = start([error]);
    await settlePromises();
    expect([state.attempts, state.outcome]).toEqual([1, error]);
    expect(reports).toEqual([]);
  });
});
