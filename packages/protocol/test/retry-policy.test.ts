import { describe, expect, it } from 'vitest';
import { CLIENT_RETRY, type RetryPolicy, SERVER_RETRY } from '../src/retry-policy.js';

/** When a packet is abandoned, in milliseconds after its first write. */
const reportedLostAfterMs = ({ waitMs, retries }: RetryPolicy) => waitMs * (retries + 1);

describe('the retry policies', () => {
  it('report a client’s message as lost 15 s after its first write', () => {
    expect(reportedLostAfterMs(CLIENT_RETRY)).toBe(15_000);
  });

  it('report a server’s message as lost 10 s after its first write', () => {
    expect(reportedLostAfterMs(SERVER_RETRY)).toBe(10_000);
  });
});
