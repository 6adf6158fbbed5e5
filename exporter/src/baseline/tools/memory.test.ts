import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../lib/hash.ts';
import { ToolJudge } from './judge.ts';
import { ToolMemory } from './memory.ts';
import type { Limits } from './memory.ts';
import { hashRun } from './run.ts';
import type { HashedRun, Run } from './run.ts';

const SMALL: Partial<Limits> = { keys: 48, runs: 6, purposes: 3, callsOfRun: 3 };

const word = fc.constantFrom('a', 'b', 'c', '__proto__', '');
const runs = fc.uniqueArray(fc.record({
  id: fc.string({ maxLength: 4 }), agent: fc.constantFrom('x', '__proto__'), purpose: fc.option(word), group: fc.option(word),
  calls: fc.array(fc.record({
    tool: word, writes: fc.boolean(), ok: fc.boolean(), arguments: fc.array(fc.record({ path: word, value: word }), { maxLength: 4 }),
  }), { maxLength: 5 }),
}), { selector: (run) => run.id, maxLength: 24 });

describe('ToolMemory', () => {
  it.each([['with room', {}], ['over every limit', SMALL]])('is the same for any order, repetition, split and restart, %s', (_name, limits) => {
    fc.assert(fc.property(runs, fc.nat(24), fc.boolean(), (given, at, again) => {
      const hashed = given.map(hash);
      const whole = learned(hashed, limits);
      expect(learned([...hashed].reverse(), limits).save()).toEqual(whole.save());
      expect(learned(again ? [...hashed, ...hashed] : hashed, limits).save()).toEqual(whole.save());
      const merged = learned(hashed.slice(at), limits);
      merged.merge(learned(hashed.slice(0, at), limits));
      expect(merged.save()).toEqual(whole.save());
      const again2 = ToolMemory.restore(JSON.parse(JSON.stringify(whole.save())), limits);
      expect(again2.save()).toEqual(whole.save());
      again2.merge(whole);
      expect(again2.save()).toEqual(whole.save());
    }), { numRuns: 60 });
  });

  it('judges the same after it was saved and restored', () => {
    const hashed = Array.from({ length: 30 }, (_, i) => hash(pay(i, `shop-${i % 3}`)));
    const memory = learned(hashed, {});
    const odd = hash({ ...pay(99, 'thief'), group: 'new' });
    const restored = ToolMemory.restore(JSON.parse(JSON.stringify(memory.save())));
    expect(new ToolJudge(restored).judge(odd)).toEqual(new ToolJudge(memory).judge(odd));
  });

  it('keeps within its limits, and what it does not keep it does not call new', () => {
    const memory = learned(Array.from({ length: 500 }, (_, i) => hash(pay(i, `shop-${i}`))), { keys: 200, runs: 20 });
    const [agent] = memory.save().agents;
    expect(agent!.keys.length / 3).toBeLessThanOrEqual(200);
    expect(agent!.runs.length).toBe(20);
    const known = Array.from({ length: 500 }, (_, i) => hash({ ...pay(i, `shop-${i}`), id: `other-${i}`, group: 'other' }))
      .map((run) => memory.knows('agent', run.purpose, 4, run.calls[0]!.values[0]!, run.calls[0]!.values[1]!, run.group));
    expect(new Set(known)).toEqual(new Set([true, null]));
  });

  it('learns anew what another version saved', () => {
    expect(ToolMemory.restore({ ...learned([hash(pay(1, 'shop'))], {}).save(), version: 0 }).save().agents).toEqual([]);
  });
});

function learned(given: readonly HashedRun[], limits: Partial<Limits>): ToolMemory {
  const memory = new ToolMemory(limits);
  for (const run of given) memory.learn(run);
  return memory;
}

function hash(run: Run): HashedRun {
  return hashRun(run, new KeyedHash(new Uint8Array(8)));
}

function pay(i: number, to: string): Run {
  return { id: `run-${i}`, agent: 'agent', purpose: 'pay', group: `model-${i % 5}`, calls: [{ tool: 'pay', writes: true, ok: true, arguments: [{ path: 'to', value: to }] }] };
}
