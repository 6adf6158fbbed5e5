import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../lib/hash.ts';
import { ToolHabits } from './habits.ts';
import { hashRun } from './run.ts';
import type { HashedRun } from './run.ts';

const HOUR = 3_600_000;
const keyed = new KeyedHash(new Uint8Array(8));

describe('ToolHabits', () => {
  it('says how many of the runs are as odd', () => {
    const habits = taught(200);
    expect(habits.judge(pay(900, 'shop-1'))).toMatchObject({ learned: 200, since: 0, perHour: 2 });
    const { above, sampled, score } = habits.judge(pay(901, 'thief'))!;
    expect([above, sampled > 180, score > 2]).toEqual([0, true, true]);
    expect(habits.judge(pay(902, 'shop-1'))!.above).toBe(sampled);
    expect(habits.judge({ ...pay(903, 'shop-1'), agent: 'nobody' })).toBeNull();
  });

  it.each([1, 7, 64, 199])('judges the same after %i runs, a stop, and the rest', (stop) => {
    const rows = new Map<string, Uint8Array>();
    const save = (habits: ToolHabits): void => {
      const { puts, deletes } = habits.takeChanged();
      for (const { key, value } of puts) rows.set(key, value.slice());
      for (const key of deletes) rows.delete(key);
    };
    const whole = taught(200);
    let habits = new ToolHabits();
    for (let n = 0; n < 200; n++) {
      teach(habits, n);
      if (n % 5 === 0) save(habits);
      if (n !== stop) continue;
      save(habits);
      habits = new ToolHabits();
      for (const key of [...rows.keys()].sort()) habits.restore(key, rows.get(key)!);
    }
    const odd = pay(900, 'thief');
    expect(habits.judge(odd)).toEqual(whole.judge(odd));
    expect(habits.describe('agent')).toEqual(whole.describe('agent'));
  });

  it('is the same with another key', () => {
    const other = new KeyedHash(Uint8Array.from({ length: 8 }, () => 9));
    const habits = new ToolHabits();
    for (let n = 0; n < 100; n++) habits.learn(pay(n, `shop-${n % 3}`, other), n * HOUR / 2, n * HOUR / 2 + 1);
    expect(habits.describe('agent')).toEqual(taught(100).describe('agent'));
  });

  it('goes with its agent when that is called differently', () => {
    const habits = taught(50);
    const odd = pay(900, 'thief');
    const before = habits.judge(odd);
    habits.rename('agent', 'other');
    expect(habits.judge(odd)).toBeNull();
    expect(habits.judge({ ...odd, agent: 'other' })!.score).toBeCloseTo(before!.score, 0);
    expect(habits.takeChanged().puts.map(({ key }) => key)).toEqual(['other 0']);
  });

  it('remembers what comes again however much is new every time', () => {
    const habits = new ToolHabits();
    for (let n = 0; n < 6000; n++) habits.learn(pay(n, 'shop', keyed, `order ${n}`), n * HOUR, n * HOUR + 1);
    expect((habits.describe('agent') as { keys: number }).keys).toBeLessThanOrEqual(16_384);
    const { sampled } = habits.judge(pay(9000, 'shop', keyed, 'order x'))!;
    expect(habits.judge(pay(9000, 'shop', keyed, 'order x'))!.above).toBe(sampled);
    expect(habits.judge(pay(9001, 'thief', keyed, 'order x'))!.above).toBe(0);
  }, 60_000);

  it('forgets the agents that were quiet longest when there is no room', () => {
    const habits = new ToolHabits();
    for (let n = 0; n < 12_000; n++) habits.learn({ ...pay(0, 'shop', keyed, `order ${n}`), agent: `agent-${n}` }, n, n + 1);
    expect(habits.describe('agent-0')).toBeNull();
    expect(habits.describe('agent-11999')).not.toBeNull();
  }, 60_000);
});

function taught(runs: number): ToolHabits {
  const habits = new ToolHabits();
  for (let n = 0; n < runs; n++) teach(habits, n);
  return habits;
}

/** Two runs an hour. */
function teach(habits: ToolHabits, n: number): void {
  habits.learn(pay(n, `shop-${n % 3}`), n * HOUR / 2, n * HOUR / 2 + 1);
}

function pay(n: number, to: string, hash = keyed, subject = `bill ${n}`): HashedRun {
  const run = hashRun({
    id: `run-${n}`, agent: 'agent', purpose: 'pay', group: null,
    calls: [{ tool: 'pay', writes: true, ok: true, arguments: [{ path: 'to', value: to }, { path: 'subject', value: subject }] }],
  }, hash);
  // As the service numbers them: the same with every key.
  return { ...run, id: n + 1, group: n + 1 };
}
