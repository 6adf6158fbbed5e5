import type { Verdict } from '@remit/contract';
import { describe, expect, test } from 'vitest';
import { detector } from '../detectors/unusual-hour/detector.ts';
import { FindingBook, type Contribution } from './findings.ts';

const AT = Date.UTC(2026, 10, 9, 3, 20);

/** An hour's learned finding of an identity that pages. */
function odd(hour: number, more: Partial<Contribution> = {}): Contribution {
  const at = AT + hour * 3_600_000;
  return {
    identity: { urn: 'urn:nhi:k8s:prod:service_account/payments/export' } as Contribution['identity'], kind: 'service_account', detector, severity: 'critical', owner: 'payments', purpose: null,
    exception: null, also: [], at, part: String(hour), provisional: false, ...more,
    signal: { subject: 'when', bucket: String(hour), reason: { expected: 'to be quiet', observed: 'active' }, evidence: [], at, count: 1, score: 5 },
  };
}

describe('what learned pages cost', () => {
  const opened = (contribution = odd(0)): { book: FindingBook; cost: () => number; say(state: Verdict['state']): void } => {
    const book = new FindingBook();
    let cost = 0;
    book.calibratedPage = (at, by) => { cost += at === AT ? by : NaN; };
    const kept = book.all.get(book.add(contribution))!;
    let said = AT;
    return { book, cost: () => cost, say: (state) => { book.pronounce(kept, { finding: kept.finding.id, state, by: 'ann', at: said += 1000 }); } };
  };

  test('a page counts once, and not when it was right; changing one\'s mind changes that too', () => {
    const { cost, say } = opened();
    expect(cost()).toBe(1);
    say('acknowledged');
    expect(cost()).toBe(1);
    say('bad');
    expect(cost()).toBe(0);
    say('bad');
    expect(cost()).toBe(0);
    say('benign');
    expect(cost()).toBe(1);
  });

  test('what woke nobody gives nothing back: a ticket, and the next hour of the same trouble', () => {
    const ticket = opened(odd(0, { severity: 'warning' }));
    ticket.say('bad');
    expect(ticket.cost()).toBe(0);
    const { book, cost } = opened();
    const next = book.all.get(book.add(odd(1)))!;
    expect(cost()).toBe(1);
    book.pronounce(next, { finding: next.finding.id, state: 'bad', by: 'ann', at: AT + 7_200_000 });
    expect(cost()).toBe(1);
  });
});
