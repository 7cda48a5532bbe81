import { describe, expect, it } from 'vitest';
import { CLIENT_RETRY, type RetryPolicy, SERVER_RETRY } from '../src/retry-policy.js';

/** When the last copy has gone unacknowledged, in milliseconds after the first. */
const reportedLostAfterMs = ({ waitMs, retries }: RetryPolicy) => waitMs * (retries + 1);

describe('the retry policies', () => {
  it('report a client’s message lost 15 s after it was first written', () => {
    expect(reportedLostAfterMs(CLIENT_RETRY)).toBe(15_000);
  });

  it('report a server’s message lost 10 s after it was first written', () => {
    expect(reportedLostAfterMs(SERVER_RETRY)).toBe(10_000);
  });
});
