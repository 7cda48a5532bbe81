import { type Clock, StoreError } from '@imcore/server';

/** Wait between two attempts to open the database, in milliseconds. */
const RETRY_MS = 1000;

/** Classes of SQLSTATEs that a wait does not change: wrong password, unknown database, missing permission, wrong schema. */
const FINAL_CLASSES: ReadonlySet<string> = new Set(['28', '3D', '42', '0A']);
const SQL_STATE = /^[0-9A-Z]{5}$/;
/** An exchange of passwords failed before the server could judge: such as a password that was not given. It has no SQLSTATE. */
const PASSWORD_EXCHANGE = /^SASL: /;
/** A database is read-only while it fails over, and may be given space. */
const PASSING: ReadonlySet<string> = new Set(['ERR_STORE_FAILED', 'ERR_STORE_READ_ONLY', 'ERR_STORE_FULL']);

/** How long to wait for a database, and how to say so. */
export interface DatabaseWait {
  /** 0: one attempt. */
  readonly waitMs: number;
  readonly clock: Clock;
  /** Called once, before the first wait, with the reason of the failure. */
  readonly report: (reason: string) => void;
}

/**
 * Calls `open` until it succeeds, once a second, for `waitMs` at most: after a restart of a machine the database may start
 * later than the server. Fails at once for a reason that will not pass, such as a wrong password.
 *
 * @throws StoreError the last failure
 */
export async function openWithin(open: () => Promise<void>, wait: DatabaseWait): Promise<void> {
  const { waitMs, clock, report } = wait;
  const until = clock.now() + waitMs;
  let isReported = false;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!mayPass(error) || clock.now() + RETRY_MS > until) throw error;
      if (!isReported) report(error instanceof Error ? error.message : String(error));
      isReported = true;
    }
    await new Promise<void>((resolve) => clock.schedule(clock.now() + RETRY_MS, resolve));
  }
}

/** Whether a failure may be over in a moment. An error without a cause is about an option. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof StoreError) || !PASSING.has(error.code) || error.cause === undefined) return false;
  const { cause } = error;
  if (cause instanceof Error && PASSWORD_EXCHANGE.test(cause.message)) return false;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return !(SQL_STATE.test(code) && FINAL_CLASSES.has(code.slice(0, 2)));
}
