import { describe, expect, it } from 'vitest';
import { Ledger } from '../../src/dev/ledger.js';

describe('Ledger', () => {
  it('counts an acknowledged message as on the way until it is received, and as missing after 15 s', () => {
    const ledger = new Ledger();
    ledger.sent('a');
    expect(ledger.counts(0)).toMatchObject({ sent: 1, acknowledged: 0, onTheWay: 0 });
    ledger.acknowledged('a', 1000);
    expect(ledger.counts(16_000)).toMatchObject({ acknowledged: 1, onTheWay: 1, missing: 0 });
    expect(ledger.counts(16_001)).toMatchObject({ onTheWay: 1, missing: 1 });
    ledger.received('a');
    expect(ledger.counts(20_000)).toMatchObject({ received: 1, onTheWay: 0, missing: 0 });
  });

  it('knows a message that was received before its acknowledgement', () => {
    const ledger = new Ledger();
    ledger.sent('a');
    ledger.received('a');
    expect(ledger.counts(0)).toMatchObject({ acknowledged: 0, received: 1, onTheWay: 0 });
    ledger.acknowledged('a', 0);
    expect(ledger.counts(60_000)).toMatchObject({ acknowledged: 1, received: 1, onTheWay: 0, missing: 0 });
  });

  it('counts a message once, and none of another run', () => {
    const ledger = new Ledger();
    ledger.sent('a');
    expect(ledger.received('a')).toBe(true);
    expect(ledger.received('a')).toBe(false);
    expect(ledger.received('from an earlier run')).toBe(false);
    expect(ledger.counts(0).received).toBe(1);
  });

  it('does not expect a message that was reported as not sent, which may arrive nevertheless', () => {
    const ledger = new Ledger();
    ledger.sent('a');
    ledger.failed('a');
    expect(ledger.counts(60_000)).toMatchObject({ failed: 1, onTheWay: 0, missing: 0 });
    ledger.received('a');
    expect(ledger.counts(60_000)).toMatchObject({ failed: 1, received: 1, onTheWay: 0 });
  });
});
