import { describe, expect, it } from 'vitest';
import { noCounts, PairLedger } from '../../src/bench/pair-ledger.js';

function ledgerWith(messages: number): PairLedger {
  const ledger = new PairLedger();
  for (let number = 0; number < messages; number++) ledger.begin(number * 10);
  return ledger;
}

describe('PairLedger', () => {
  it('settles a message that is delivered and acknowledged, in either order', () => {
    const ledger = ledgerWith(2);
    expect(ledger.inFlight).toBe(2);
    expect(ledger.delivered(0, true)).toBe(0);
    expect(ledger.inFlight).toBe(2);
    expect(ledger.acknowledged(0)).toBe(0);
    expect(ledger.acknowledged(1)).toBe(10);
    expect(ledger.delivered(1, true)).toBe(10);
    expect(ledger.inFlight).toBe(0);
    expect(ledger.counts).toEqual({ ...noCounts(), sent: 2, delivered: 2, acknowledged: 2 });
  });

  it('recognizes a duplicate, before and long after the message is settled', () => {
    const ledger = ledgerWith(3);
    ledger.delivered(0, true);
    expect(ledger.delivered(0, true)).toBeUndefined();
    ledger.acknowledged(0);
    ledger.delivered(2, true);
    ledger.acknowledged(2);
    ledger.delivered(0, true);
    ledger.delivered(2, true);
    expect(ledger.counts.duplicates).toBe(3);
    expect(ledger.counts.delivered).toBe(2);
  });

  it('counts a message that arrives after a later one as out of order', () => {
    const ledger = ledgerWith(3);
    for (const number of [1, 0, 2]) ledger.delivered(number, true);
    expect(ledger.counts.outOfOrder).toBe(1);
  });

  it('counts corrupted messages, and messages that were never sent', () => {
    const ledger = ledgerWith(1);
    ledger.delivered(0, false);
    for (const number of [1, -1, Number.NaN, 0.5]) ledger.delivered(number, true);
    expect(ledger.counts.corrupted).toBe(1);
    expect(ledger.counts.unexpected).toBe(4);
  });

  it('counts an acknowledgement once, and ignores one of a message that was never sent', () => {
    const ledger = ledgerWith(1);
    ledger.acknowledged(0);
    expect(ledger.acknowledged(0)).toBeUndefined();
    expect(ledger.acknowledged(5)).toBeUndefined();
    expect(ledger.counts.acknowledged).toBe(1);
  });
});
