import type { HourSums } from '@remit/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import { habits } from '../baseline/habits/all.ts';
import { openSums } from '../baseline/sums.ts';
import { close, facts, fleet, gamma3, generator, HOUR, make, poisson, START } from './made-fleet.ts';
import type { Scorer } from './scorer.ts';

const rows = (scorer: Scorer, identities: number) => Array.from({ length: identities }, (_, i) => Buffer.concat(scorer.bytes(i)).toString('base64'));

describe('order and restarts', () => {
  const hours = fleet(24, 3, 1);
  const straight = make();
  const scores = close(straight, hours);

  test('inside a day identities may close in any order', () => {
    const days = Map.groupBy(hours, ({ hour }) => Math.floor(hour / HOUR / 24));
    const other = make();
    // By identity, the last first, each of them in order of its hours.
    const shuffled = [...days.values()].flatMap((day) => [...day].sort((a, b) => b.identity - a.identity || a.hour - b.hour));
    const found = new Map(shuffled.map((h, i) => [h, i]));
    const shuffledScores = close(other, shuffled);
    expect(rows(other, 24)).toEqual(rows(straight, 24));
    expect(hours.map((h) => shuffledScores[found.get(h)!])).toEqual(scores);
  });

  test('provisional scores change nothing', () => {
    const asked = make();
    for (const { identity, hour, sums } of hours) {
      asked.score(identity, sums, facts(identity), hour, true);
      asked.close(identity, sums, facts(identity), hour);
    }
    expect(rows(asked, 24)).toEqual(rows(straight, 24));
  });

  test('bands of a time far ahead, as a scrape asks for while history is sent, change nothing', () => {
    const asked = make();
    const heard = hours.map(({ identity, hour, sums }, i) => {
      if (i % 50 === 0) asked.bands(identity, facts(identity), START + 400 * 24 * HOUR);
      return asked.close(identity, sums, facts(identity), hour).score;
    });
    expect(heard).toEqual(scores);
    expect(rows(asked, 24)).toEqual(rows(straight, 24));
  });

  test('an hour of years ago is judged as if nothing had come after it', () => {
    const late = make();
    close(late, hours);
    const sums = { ...hours[0]!.sums, events: 5000 };
    expect(late.close(99, sums, facts(99), START - 1000 * 24 * HOUR).score).toBe(make().close(99, sums, facts(99), START - 1000 * 24 * HOUR).score);
  });

  test('a restart anywhere gives the same rows and scores', () => {
    for (const part of [0.1, 0.5, 0.9]) {
      const at = Math.floor(hours.length * part);
      const first = make();
      const before = close(first, hours.slice(0, at));
      const second = make();
      const puts = [...first.takeDirty().puts].sort((a, b) => (a.key < b.key ? -1 : 1));
      for (const { key, value } of puts) second.restore(key, value);
      expect([...before, ...close(second, hours.slice(at))]).toEqual(scores);
      expect(rows(second, 24)).toEqual(rows(straight, 24));
    }
  });

  test('a row stays below 2.9 kB, an agent below 1.4 kB more', () => {
    expect(straight.rowBytes.every).toBeLessThan(2_900);
    expect(straight.rowBytes.tools).toBeLessThan(1_400);
  });
});

test('a fleet judged by other habits than those that made its histograms is new', () => {
  const old = make();
  const hours = fleet(24, 4, 1);
  close(old, hours);
  const odd = Object.assign(openSums(), { events: 900, privileged: 50, actions: [11], sources: [15] });
  const now = START + 4 * 168 * HOUR + 10 * HOUR;
  for (let h = 0; h < 10; h++) expect(old.close(1, odd, facts(1), now + h * HOUR, false)).toMatchObject({ held: true });
  const puts = [...old.takeDirty().puts].sort((a, b) => (a.key < b.key ? -1 : 1));
  const renewed = () => {
    const of = habits();
    Object.assign(of.all[0]!, { version: of.all[0]!.version + 1 });
    const scorer = make({ habits: of });
    for (const { key, value } of puts) scorer.restore(key, value);
    return scorer;
  };
  const taken = renewed();
  expect(old.readiness(1, now)).toBe('ready');
  expect(taken.readiness(1, now)).toBe('warming');
  // What waits is kept, but stands in no histogram any more that it could be taken out of.
  expect(taken.held().count).toBe(old.held().count);
  expect(taken.score(1, odd, facts(1), now).score).toBe(0);
  const later = fleet(24, 4, 7).map(({ hour, ...closed }) => ({ ...closed, hour: hour + 5 * 168 * HOUR })).filter(({ identity }) => identity !== 1);
  const settled = renewed();
  expect(settled.settle(1, now, now + 9 * HOUR, false)).toBe(10);
  expect(close(settled, later)).toEqual(close(taken, later));
});

describe('a fleet that is new itself', () => {
  const scorer = make();
  const scores = new Map<number, number[]>();
  let heldThen = NaN;
  beforeAll(() => {
    for (const { identity, hour, sums } of fleet(60, 4, 4)) {
      const day = Math.floor((hour - START) / HOUR / 24);
      if (day === 15 && Number.isNaN(heldThen)) heldThen = scorer.held().count;
      scores.set(day, [...scores.get(day) ?? [], scorer.close(identity, sums, facts(identity), hour).score]);
    }
  });

  test('says nothing for two weeks: its second Monday is compared with no other', () => {
    for (let day = 0; day < 15; day++) expect(Math.max(...scores.get(day)!), `day ${day}`).toBe(0);
    const young = make();
    close(young, fleet(10, 1, 4));
    expect(young.readiness(1, START + 8 * 24 * HOUR)).toBe('warming');
  });

  test('holds nothing back from what it learns then', () => {
    expect(heldThen).toBe(0);
  });

  test('does not flood when it begins to speak: a score of 3 is as rare as it says', () => {
    const said = [...scores].flatMap(([day, of]) => (day >= 15 && day < 22 ? of : []));
    expect(Math.max(...said)).toBeGreaterThan(1);
    expect(said.filter((s) => s >= 3).length).toBeLessThanOrEqual(3 * 60 * 168 * 1e-3);
  });
});

test('a fleet of one steady job is not deaf: what it never did stands out, although nothing ever did', () => {
  const scorer = make();
  const hourly = (events: number, action: number): HourSums => {
    const sums = openSums();
    Object.assign(sums, { events });
    sums.actions = [action];
    return sums;
  };
  for (let h = 0; h < 30 * 24; h++) expect(scorer.close(1, hourly(1, 42), facts(1), START + h * HOUR).score).toBeLessThan(1);
  expect(scorer.score(1, hourly(1, 42), facts(1), START + 30 * 24 * HOUR).score).toBeLessThan(1);
  expect(scorer.score(1, hourly(400, 43), facts(1), START + 30 * 24 * HOUR).score).toBeGreaterThan(2.7);
  expect(scorer.readiness(1, -Infinity), 'before any time').toBe('warming');
});

test('what one identity does every night and nobody else ever does is no deviation of it', () => {
  const scorer = make();
  const nightly = (): HourSums => {
    const sums = openSums();
    Object.assign(sums, { events: 2, privileged: 2 });
    sums.actions = [42];
    return sums;
  };
  const rotations = Array.from({ length: 28 }, (_, day) => ({ identity: 13, hour: START + (day * 24 + 3) * HOUR, sums: nightly() }));
  const others = fleet(13, 4, 6).map((hour) => ({ ...hour, sums: { ...hour.sums, sensitive: 0 } }));
  close(scorer, [...others, ...rotations].sort((a, b) => a.hour - b.hour));
  expect(scorer.score(13, nightly(), facts(13), START + (28 * 24 + 3) * HOUR).score).toBeLessThan(1.5);
  expect(scorer.score(13, nightly(), facts(13), START + (28 * 24 + 14) * HOUR).score).toBeGreaterThan(2.5);
});

describe('a conforming fleet of 60 over ten weeks', () => {
  const scorer = make();
  const hours = fleet(60, 10, 2);
  const late: number[] = [];
  beforeAll(() => {
    for (const { identity, hour, sums } of hours) {
      const { score } = scorer.close(identity, sums, facts(identity), hour);
      if (hour >= START + 4 * 168 * HOUR) late.push(score);
    }
  });

  test.each([1, 2, 3])('a score of %d or more comes in one of 10^%d identity-hours', (k) => {
    const due = 60 * 6 * 168 * 10 ** -k;
    const found = late.filter((s) => s >= k).length;
    expect(found).toBeGreaterThan(due * 0.5);
    expect(found).toBeLessThan(due * 1.5);
  });

  test('the computed threshold keeps the budget', () => {
    const threshold = scorer.budget.threshold(60);
    expect(threshold).toBeCloseTo(Math.log10(168 * 60 / 10));
    expect(late.filter((s) => s >= threshold).length / 6).toBeLessThanOrEqual(12);
  });

  test('what is far out of habit stands out, and says why', () => {
    const now = START + 10 * 168 * HOUR + 3 * HOUR;
    const sums = openSums();
    Object.assign(sums, { events: 400, amount: 4e9, measured: 400, privileged: 12, actions: [1], resources: [2], sources: [3], amounts: [1, 400, 400 * 64 * 16] });
    const said = scorer.score(1, sums, { ...facts(1), declared: true, violations: { lifecycle: 400 } }, now);
    expect(said.score).toBeGreaterThan(3.5);
    expect(said.readiness).toBe('ready');
    expect(said.parts.map(({ habit }) => habit)).toEqual(expect.arrayContaining(['action', 'source', 'remit', 'privileged-when']));
    for (const { text } of said.parts) expect(`${text.expected}${text.observed}`).toMatch(/\d/);
    expect(scorer.bands(1, facts(1), now)!.p99).toBeLessThan(400);
  });
});

test('what is odd in two ways stands out more than in the stronger one alone, whatever they are said to mean together', () => {
  const weights = { service_account: { corroboration: 0 } };
  const scorer = make({ weights });
  const hours = fleet(30, 5, 2);
  close(scorer, hours);
  const now = START + 5 * 168 * HOUR + 10 * HOUR;
  const usual = hours.findLast(({ identity }) => identity === 1)!.sums;
  const said = (more: Partial<HourSums>) => scorer.score(1, { ...usual, ...more }, facts(1), now, true);
  const large = { amount: usual.amount * 300, amounts: usual.amounts!.map((x, i) => (i % 3 === 2 ? x + 64 * Math.log(300) * usual.events : x)) };
  const [export1, both] = [said(large), said({ ...large, sources: [7] })];
  expect(export1.channel).toBe('export');
  expect(both.channel).toBe('export');
  expect(both.channels.find(({ id }) => id === 'export')).toEqual(export1.channels.find(({ id }) => id === 'export'));
  expect(both.channels.map(({ id }) => id)).toContain('novelty');
  expect(both.score).toBeGreaterThan(export1.score + 0.1);
});

test('a level is compared with the approved reference', () => {
  const scorer = make();
  const open = (events: number) => Object.assign(openSums(), { events });
  const live = (from: number, to: number, events: (day: number) => number) => {
    for (let d = from; d < to; d++) for (let h = 8; h < 16; h++) scorer.close(0, open(Math.round(events(d) * (1 + 0.2 * Math.sin(d * 7 + h)))), facts(0), START + (d * 24 + h) * HOUR);
  };
  live(0, 28, () => 40);
  expect(scorer.level(0, START + 28 * 24 * HOUR)).toBeNull();
  expect(scorer.approve(0, START + 28 * 24 * HOUR)).toBe(true);
  live(28, 45, () => 40);
  expect(scorer.level(0, START + 45 * 24 * HOUR)).toMatchObject({ drifted: false });
  live(45, 75, (d) => 40 * 1.02 ** (d - 45));
  const now = scorer.level(0, START + 75 * 24 * HOUR)!;
  expect(now.drifted).toBe(true);
  expect(now.ratio).toBeGreaterThan(1.5);
});

describe('growth of two per cent a day', () => {
  const day = 24 * HOUR;
  const approved = START + 28 * day;
  /** Eight hours of each working day; storms of many times as much now and then. */
  const live = (scorer: Scorer, identity: number, seed: number, daily: number) => {
    const random = generator(seed);
    for (let d = 0; d < 60; d++) {
      if (d === 28) scorer.approve(identity, approved);
      if (Math.floor((START + d * day) / day + 3) % 7 >= 5) continue;
      for (let h = 8; h < 16; h++) {
        const mean = 20 * (1 + daily) ** Math.max(0, d - 28) * (random() < 0.01 ? 30 : 1);
        const events = poisson(random, mean * (gamma3(random) + gamma3(random)) / 6);
        if (events > 0) scorer.close(identity, Object.assign(openSums(), { events }), facts(identity), START + (d * 24 + h) * HOUR);
      }
    }
  };

  test('is told from chance within thirty days, storms and all', () => {
    const scorer = make();
    const drifted = (from: number, daily: number) => Array.from({ length: 20 }, (_, i) => {
      live(scorer, from + i, from + i + 1, daily);
      return scorer.level(from + i, START + 58 * day)!.drifted;
    }).filter(Boolean).length;
    expect(drifted(0, 0)).toBeLessThanOrEqual(1);
    expect(drifted(20, 0.02)).toBeGreaterThanOrEqual(19);
  });

  test('is the usual level once it was approved', () => {
    const scorer = make();
    live(scorer, 0, 3, 0.02);
    expect(scorer.level(0, START + 60 * day)).toMatchObject({ drifted: true });
    expect(scorer.level(0, START + 60 * day)!.ratio).toBeGreaterThan(1.4);
    expect(scorer.approve(0, START + 60 * day)).toBe(true);
    expect(scorer.level(0, START + 60 * day)).toBeNull();
    for (let d = 60; d < 65; d++) for (let h = 8; h < 16; h++) scorer.close(0, Object.assign(openSums(), { events: 36 }), facts(0), START + (d * 24 + h) * HOUR);
    expect(scorer.level(0, START + 65 * day)!.ratio).toBeCloseTo(1, 0);
  });
});

test('targets that are still in use are remembered, however many others come', () => {
  const scorer = make();
  const lasting = Array.from({ length: 30 }, (_, i) => 1_000 + i);
  const hour = (n: number) => Object.assign(openSums(), { events: 40, arguments: [...lasting, ...Array.from({ length: 10 }, (_, i) => 10_000 + n * 10 + i)] });
  const known = Object.assign(openSums(), { events: 40, arguments: lasting });
  for (let n = 0; n < 200; n++) {
    // Hours without news teach that news is seldom.
    const now = START + n * HOUR;
    if (n > 0) expect(scorer.score(0, known, facts(0), now, true).parts.map(({ habit }) => habit)).not.toContain('argument');
    scorer.close(0, n % 4 === 3 ? hour(n) : known, facts(0), now);
  }
});

test('spending above the budget raises the threshold, and only then', () => {
  const { budget } = make();
  const sizes = { fleet: 100, owner: 10, kind: 20 };
  const now = START + 40 * 24 * HOUR;
  for (let i = 0; i < 40; i++) budget.spend(now - (i % 20 + 2) * 24 * HOUR);
  expect(budget.of(null, 'cicd', sizes, now)).toBe(budget.threshold(100));
  for (let i = 0; i < 400; i++) budget.spend(now - (i % 20 + 2) * 24 * HOUR);
  expect(budget.of(null, 'cicd', sizes, now)).toBeGreaterThan(budget.threshold(100) + 0.5);
  // What was right to page is no noise.
  for (let i = 0; i < 400; i++) budget.spend(now - (i % 20 + 2) * 24 * HOUR, -1);
  expect(budget.of(null, 'cicd', sizes, now)).toBe(budget.threshold(100));
});
