import { describe, expect, it } from 'vitest';
import type { FilterOp } from '@remit/contract';
import { compileCondition, type Matchable } from './match-filter.ts';

describe('a condition', () => {
  it.each([
    ['=', ['a'], ['a', 'b', '', null, ['b', 'a'], []], [true, false, false, false, true, false]], ['=', ['a', 'b'], ['a', 'b', 'c'], [true, true, false]], ['=', [''], ['', null, undefined, [], 'a'], [true, true, true, true, false]],
    ['!=', ['a'], ['a', 'b', null, ['b', 'a'], []], [false, true, true, false, true]], ['in', ['a', 'b'], ['b', 'c'], [true, false]], ['not in', ['a', 'b'], ['b', 'c', null], [false, true, true]],
    ['=~', ['a.*', 'x'], ['ab', 'ba', 'x', null], [true, false, true, false]], ['!~', ['a.*'], ['ab', 'ba', null], [false, true, true]], ['=~', [''], [null, 'a'], [true, false]],
    ['=~', ['.*'], ['a\nb', '', null], [true, true, true]], ['!~', ['.*'], ['a\r\nb'], [false]], ['=~', ['a.b'], ['a\nb'], [true]],
    ['>', ['5'], [6, 5, '7', null, 'x', ''], [true, false, true, false, false, false]], ['<=', ['5'], [5, 6, null], [true, false, false]], ['=', ['true'], [true, false], [true, false]],
  ] as [FilterOp, string[], Matchable[], boolean[]][])('%s %j', (op, values, asked, expected) => {
    const match = compileCondition({ op, values });
    expect(asked.map(match)).toEqual(expected);
  });

  it.each([['=~', ['('], /RE2/], ['=~', ['a(?=b)'], /RE2/], ['>', ['x'], /one number/], ['>', ['1', '2'], /one number/], ['<', [''], /one number/], ['=', [], /needs a value/]] as [FilterOp, string[], RegExp][])(
    '%s %j is refused', (op, values, message) => {
      expect(() => compileCondition({ op, values })).toThrow(message);
    });

  it('takes no longer for a text that was made for it', () => {
    const match = compileCondition({ op: '=~', values: ['(a+)+$', '(a|aa)+'] });
    const began = performance.now();
    expect(match(`${'a'.repeat(5000)}!`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
