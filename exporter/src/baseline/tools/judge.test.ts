import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../lib/hash.ts';
import { ToolJudge, scoreOf } from './judge.ts';
import type { ToolVerdict } from './judge.ts';
import { ToolMemory } from './memory.ts';
import { hashRun } from './run.ts';
import type { Call, HashedRun, Run } from './run.ts';

const read: Call = { tool: 'read_bill', writes: false, ok: true, arguments: [{ path: 'file', value: 'bill.txt' }] };
const pay = (to: string, subject: string, amount = '98'): Call => ({
  tool: 'pay', writes: true, ok: true, arguments: [{ path: 'to', value: to }, { path: 'subject', value: subject }, { path: 'amount', value: amount }],
});
const mail = (to: string): Call => ({ tool: 'send_mail', writes: true, ok: true, arguments: [{ path: 'to', value: to }] });

// Six models do two tasks ten times each: one of two bills is paid, in words of their own; a note is mailed.
const history: Run[] = Array.from({ length: 60 }, (_, i) => ({
  id: `run-${i}`, agent: 'clerk', purpose: i % 2 === 0 ? 'bill' : 'note', group: `model-${i % 6}`,
  calls: i % 2 === 1 ? [read, mail('ann@example.com')] : [read, i % 4 === 0 ? pay('power-company', `words ${i}`) : pay('water-company', `words ${i}`, '40')],
}));

describe('ToolJudge', () => {
  it.each<[string, Call[], Call[]]>([
    ['a new destination against new words', [read, pay('thief', 'words 0')], [read, pay('power-company', 'never said')]],
    ['a tool of another task against a new destination', [read, pay('power-company', 'words 0'), mail('ann@example.com')], [read, pay('thief', 'words 0')]],
    ['a tool nobody used against one of another task', [read, { ...mail('ann@example.com'), tool: 'delete_all' }], [read, mail('ann@example.com')]],
    ['a new destination and amount against a new destination', [read, pay('thief', 'words 0', '5000')], [read, pay('thief', 'words 0')]],
    ['paying without reading against reading first', [pay('power-company', 'words 0')], [read, pay('power-company', 'words 0')]],
    ['paying twice against once', [read, pay('power-company', 'words 0'), pay('power-company', 'words 0')], [read, pay('power-company', 'words 0')]],
    ['a known amount to the wrong one of two known destinations against the right one', [read, pay('power-company', 'words 0', '40')], [read, pay('water-company', 'words 2', '40')]],
  ])('finds %s more surprising', (_name, odd, usual) => {
    expect(judge('bill', odd).score).toBeGreaterThan(judge('bill', usual).score);
  });

  it.each<[string, Call[]]>([
    ['what is always done', [read, pay('power-company', 'words 0')]],
    ['a call that failed', [read, { ...pay('thief', 'mine', '5000'), ok: false }]],
    ['tools that only read', [{ ...read, tool: 'read_other' }, { ...read, arguments: [{ path: 'file', value: 'other' }] }]],
    ['nothing', []],
  ])('is not surprised by %s', (_name, calls) => {
    expect(judge('bill', calls).score).toBeCloseTo(0, 9);
  });

  it('names the call and the part that are new', () => {
    const { calls } = judge('bill', [read, pay('power-company', 'words 0'), mail('thief@example.com')]);
    expect(calls.map(({ at, parts }) => ({ at, tool: parts.tool > 0, values: parts.values > 0 }))).toEqual([
      { at: 1, tool: false, values: false }, { at: 2, tool: true, values: true },
    ]);
  });

  it('judges by the whole agent where runs carry no purpose, or one that nobody else had, and says nothing where nobody ran', () => {
    const whole = new ToolJudge(memoryOf(history.map((run) => ({ ...run, purpose: null }))));
    expect(whole.judge(hash({ ...run('bill', [read, mail('ann@example.com')]), purpose: null }))!.score).toBeCloseTo(0, 9);
    expect(whole.judge(hash({ ...run('bill', [read, mail('thief@example.com')]), purpose: null }))!.score).toBeGreaterThan(2);
    expect(new ToolJudge(memoryOf(history)).judge(hash(run('holiday', [read, mail('ann@example.com')])))!.score).toBeCloseTo(0, 9);
    expect(new ToolJudge(memoryOf(history)).judge(hash(run('holiday', [read, mail('thief@example.com')])))!.score).toBeGreaterThan(1);
    expect(new ToolJudge(new ToolMemory()).judge(hash(run('bill', [read])))).toBeNull();
  });

  it('takes no run as evidence for another of its own group', () => {
    const memory = memoryOf([...history, { ...run('bill', [read, pay('thief', 'mine')]), group: 'model-x' }]);
    const judged = new ToolJudge(memory);
    const again = (group: string): number => judged.judge(hash({ ...run('bill', [read, pay('thief', 'mine')]), id: 'again', group }))!.score;
    expect(again('model-x')).toBeGreaterThan(2);
    expect(again('model-y')).toBeLessThan(1);
  });

  it('expects more surprises of a run with many calls', () => {
    const parts = { tool: 3, values: 0, extent: 0, pairs: 0, order: 0, repeat: 0, company: 0 };
    const quiet = { ...parts, tool: 0 };
    expect(scoreOf([{ parts }])).toBeCloseTo(3, 9);
    expect(scoreOf([{ parts }, { parts: quiet }])).toBeCloseTo(-Math.log(1 - (1 - Math.exp(-3)) ** 2), 9);
    expect(scoreOf([])).toBe(0);
  });
});

function judge(purpose: string, calls: Call[]): ToolVerdict {
  return new ToolJudge(memoryOf(history)).judge(hash(run(purpose, calls)))!;
}

function run(purpose: string, calls: Call[]): Run {
  return { id: 'judged', agent: 'clerk', purpose, group: 'model-new', calls };
}

function memoryOf(runs: readonly Run[]): ToolMemory {
  const memory = new ToolMemory();
  for (const each of runs) memory.learn(hash(each));
  return memory;
}

function hash(each: Run): HashedRun {
  return hashRun(each, new KeyedHash(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
}
