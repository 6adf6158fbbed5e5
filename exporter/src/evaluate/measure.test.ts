import type { Finding } from '@remit/contract';
import { describe, expect, test } from 'vitest';
import { bareInventory } from './bare.ts';
import { quantile, shareOf } from './intervals.ts';
import { parseLabels, shuffled } from './labels.ts';
import { measure } from './measure.ts';
import { HOUR, Recording, WEEK } from './recording.ts';
import { printed } from './report.ts';
import { Truth } from './truth.ts';

const START = Date.UTC(2026, 8, 7);
const urn = (n: number) => `urn:nhi:test:fleet:role/r-${n}`;
const label = (n: number, from: number, hours: number, use_case = 'export', level = 'low') =>
  ({ use_case, level, identity: urn(n), start: START + from * HOUR, end: START + (from + hours) * HOUR });

/** Three weeks of ten identities with five events an hour; `scores` by `identity hour`. */
function recorded(scores: Record<string, number> = {}, extra: Record<string, number> = {}): Recording {
  const recording = new Recording();
  recording.threshold = 3;
  for (let hour = 0; hour < 504; hour++) {
    for (let n = 0; n < 10; n++) {
      const events = 5 + (extra[`${n} ${hour}`] ?? 0);
      for (let i = 0; i < events; i++) recording.event(urn(n), 'workload', START + hour * HOUR + i * 5000, 100);
      recording.hour({ urn: urn(n), kind: 'workload', start: START + hour * HOUR, events, score: scores[`${n} ${hour}`] ?? 0.2, p95: 6, p99: 20 });
    }
  }
  return recording;
}

function finding(n: number, hour: number, more: Partial<Finding> = {}): Finding {
  const first = START + hour * HOUR;
  return { id: `${n}-${hour}`, identity: urn(n), detector: 'volume', class: 'baseline', severity: 'critical', first, last: first + 60_000, updated_at: first + HOUR / 2, ...more } as Finding;
}

const options = (labels: ReturnType<typeof label>[] = []) => ({ truth: new Truth(labels), budgets: [2, 20], warmup: WEEK });

describe('calibration', () => {
  test('counts conforming hours after the warm-up against all of them', () => {
    const recording = recorded({ '0 10': 4.5, '0 200': 1.2, '1 300': 2.5, '2 400': 4.1, '3 401': 9 });
    const m = measure(recording, options([label(3, 400, 3)]));
    const conforming = 10 * 336 - 3;
    expect(m.calibration.map(({ count, of }) => [count, of])).toEqual([[3, conforming], [2, conforming], [1, conforming], [1, conforming], [0, conforming]]);
    expect(m.calibration[0]!.ratio).toBeCloseTo((3 / conforming) * 10, 10);
    expect(m.calibration[0]!.ratio_low!).toBeLessThan(m.calibration[0]!.ratio!);
    expect(m.weeks).toBeCloseTo(2, 2);
    expect(m.identity_weeks).toBeCloseTo(conforming / 168, 2);
  });

  test('hours without events count as hours in which nothing was odd', () => {
    const recording = new Recording();
    for (const hour of [0, 300, 503]) {
      recording.event(urn(0), 'workload', START + hour * HOUR, 0);
      recording.hour({ urn: urn(0), kind: 'workload', start: START + hour * HOUR, events: 1, score: 0, p95: null, p99: null });
    }
    expect(measure(recording, options()).calibration[0]!.of).toBe(504 - 168);
  });

  test.each([[0, 10, 0, 0.3085], [3, 10, 0.0667, 0.6525], [10, 10, 0.6915, 1], [1, 1000, 0.0000253, 0.005558]])('interval of %i in %i', (k, n, low, high) => {
    const share = shareOf(k, n);
    expect(share.low).toBeCloseTo(low, 4);
    expect(share.high).toBeCloseTo(high, 4);
  });

  test('quantiles are values that occurred', () => {
    expect([quantile([3, 1, 2], 0.5), quantile([1, 2, 3, 4], 0.95), quantile([], 0.5), quantile([7], 0)]).toEqual([2, 4, null, 7]);
  });
});

describe('pages', () => {
  test('calibrated and certain ones are counted apart, misuse and what comes before the warm-up is over not at all', () => {
    const recording = recorded();
    for (const one of [finding(0, 200), finding(1, 210), finding(2, 400), finding(3, 20)]) recording.finding(one, true, true);
    recording.finding(finding(4, 220, { class: 'remit', detector: 'decommissioned-active' }), true, true);
    recording.finding(finding(5, 230), true, false);
    const { pages } = measure(recording, options([label(2, 399, 3)]));
    expect(pages).toMatchObject({ calibrated_a_week: 1, certain_a_week: 0.5, of_budget: 0.5, nominal_per_1000: 200, by_detector: { volume: 2, 'decommissioned-active': 1 } });
    expect(pages.per_1000_identity_weeks).toBeCloseTo((2 * 1000) / ((3360 - 3) / 168), 2);
    expect(pages.by_week.map(({ calibrated, certain, by_kind }) => [calibrated, certain, by_kind])).toEqual([[2, 1, { workload: 2 }], [0, 0, {}]]);
  });

  test('those of identities that are new, and of the ten noisiest', () => {
    const recording = recorded({ '0 200': 3.5, '0 201': 3.5, '1 300': 3 });
    recording.event(urn(99), 'cicd', START + 250 * HOUR, 0);
    recording.finding(finding(99, 251), true, true);
    recording.finding(finding(99, 290), true, true);
    const m = measure(recording, options());
    expect(m.new_identities).toEqual({ count: 1, pages_first_day: 1, per_100: 100 });
    expect(m.noisiest_ten).toEqual({ false_hours: 3, share: 1 });
  });
});

describe('recall', () => {
  const labels = [label(0, 200, 2), label(1, 200, 2), label(2, 200, 2, 'export', 'high'), label(3, 200, 2, 'secrets')];
  test('says by use case and strength who was paged by what, who got a ticket, and after how long', () => {
    const recording = recorded();
    recording.finding(finding(0, 200), true, true);
    recording.finding(finding(1, 201), true, false);
    recording.finding(finding(2, 201, { class: 'remit', detector: 'export-over-limit' }), true, true);
    const m = measure(recording, options(labels));
    expect(m.recall.map(({ use_case, level, of, paged, calibrated, certain, told }) => [use_case, level, of, paged.count, calibrated, certain, told]))
      .toEqual([['export', 'high', 1, 1, 0, 1, 1], ['export', 'low', 2, 1, 1, 0, 2], ['secrets', 'low', 1, 0, 0, 0, 0]]);
    expect(m.time_to_detect[0]).toEqual({ use_case: 'export', detected: 2, hours_p50: 0.5, hours_p95: 1.5, active_hours_p50: 1, active_hours_p95: 2 });
  });

  test('what was open before, or comes days later, does not count', () => {
    const recording = recorded();
    recording.finding(finding(0, 198, { last: START + 201 * HOUR }), true, true);
    recording.finding(finding(1, 201, { updated_at: START + 240 * HOUR }), true, true);
    expect(measure(recording, options(labels)).recall.every(({ paged }) => paged.count === 0)).toBe(true);
  });

  test('drift wants a ticket within 30 days', () => {
    const recording = recorded();
    const ticket = (n: number, subject: string) => finding(n, 400, { detector: 'slow-drift', subject, severity: 'warning' });
    for (const n of [0, 5]) recording.finding(ticket(n, 'level'), true, false);
    // What left too fast is another question.
    for (const n of [1, 6]) recording.finding(ticket(n, 'sum of a day'), true, false);
    const m = measure(recording, options([label(0, 168, 336, 'drift'), label(1, 168, 336, 'drift')]));
    expect(m.drift).toMatchObject({ labelled: 2, flagged_by_day_30: 1 });
    expect(m.drift.false_per_100_identity_years).toBeCloseTo(100 / ((8 * 336) / 8766), 1);
    expect(m.recall).toEqual([]);
  });
});

test('bands: hours above them, of all', () => {
  const m = measure(recorded({}, { '0 300': 3, '1 301': 3, '2 302': 40 }), options());
  expect([m.bands.p95.count, m.bands.p99.count, m.bands.p95.of]).toEqual([3, 1, 3360]);
});

test('rules in common use are held to the same: out of the box, and at the budget', () => {
  const busy = Object.fromEntries([200, 240, 290, 340, 390, 440].map((hour, n) => [`${n} ${hour}`, 10 + n]));
  const m = measure(recorded({}, { ...busy, '9 400': 500 }), options([label(9, 400, 1)]));
  for (const { out_of_the_box: out, at_budget: at } of m.plain) {
    expect(out.pages_a_week).toBeCloseTo(3, 1);
    expect(out.recall).toBe(1);
    expect(at.pages_a_week).toBeLessThanOrEqual(2);
    expect(at.deviations).toBeGreaterThan(3);
    expect(at.recall).toBe(1);
  }
});

test('a run that was cut at once gives a table nevertheless', () => {
  const measures = measure(new Recording(), options());
  const text = printed({ complete: false, records: { read: 9, events: 5, duplicates: 3, rejected: { bad_json: 1 } }, labels: 0, runs: [{ name: 'with remit', complete: false, verdicts: { bad: 0, benign: 0 }, measures }] });
  expect(text).toMatch(/^9 records read: 5 events, 3 that had come before, refused: 1 bad_json; 0 labels\nCut/);
  expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  expect(JSON.stringify(measures)).not.toMatch(/NaN/);
});

describe('labels', () => {
  test.each([
    ['{', /no JSON/], ['{}', /a JSON array/], ['[{"use_case":"a"}]', /entry 0, level/], ['[{"use_case":"a","level":1,"identity":"x","start":"yesterday","end":5}]', /entry 0, start: a time/],
    ['[{"use_case":"a","level":1,"identity":"x","start":5,"end":5}]', /start lies before end/],
  ])('%s is refused', (text, message) => {
    expect((parseLabels(text) as { problem: string }).problem).toMatch(message);
  });

  test('times are texts or milliseconds; shuffled ones lie elsewhere, within the time, and are the same for a seed', () => {
    const read = parseLabels('[{"use_case":"a","level":1,"identity":"x","start":"2026-09-07T02:00:00+02:00","end":1789999999999,"note":"more"}]') as { labels: ReturnType<typeof label>[] };
    expect(read.labels).toEqual([{ use_case: 'a', level: '1', identity: 'x', start: START, end: 1789999999999 }]);
    const labels = Array.from({ length: 50 }, (_, n) => label(n, 10, 2));
    const identities = Array.from({ length: 50 }, (_, n) => urn(n));
    const moved = shuffled(labels, identities, START, START + WEEK, 1);
    expect(moved).toEqual(shuffled(labels, identities, START, START + WEEK, 1));
    expect(moved).not.toEqual(shuffled(labels, identities, START, START + WEEK, 2));
    expect(moved.every(({ start, end }) => start >= START && end <= START + WEEK && end - start === 2 * HOUR)).toBe(true);
    expect(new Set(moved.map(({ start }) => start)).size).toBeGreaterThan(40);
    expect(moved.filter(({ identity }, i) => identity === labels[i]!.identity).length).toBeLessThan(10);
  });
});

test('the bare inventory has who they are and nothing of what they may do', () => {
  const bare = bareInventory({
    'a.yml': `owners: [{ team: pay }]
exceptions: [{ id: e, identity: "*", detector: "*", owner: pay, reason: r, expires_at: 2030-01-01T00:00:00Z }]
data_classes: [{ resources: ["x"], data_class: restricted }]
identities:
  - { urn: "urn:nhi:t:r:role/a", kind: workload, owner: pay, actions: ["a"], status: decommissioned, decommissioned_at: 2026-01-01T00:00:00Z, aliases: [{ type: t, value: v }] }
  - { urn: "urn:nhi:t:r:role/b", status: proposed }
`,
  });
  expect(JSON.parse(bare['a.yml']!)).toEqual({
    owners: [{ team: 'pay' }], data_classes: [{ resources: ['x'], data_class: 'restricted' }],
    identities: [{ urn: 'urn:nhi:t:r:role/a', kind: 'workload', owner: 'pay', aliases: [{ type: 't', value: 'v' }] }],
  });
});
