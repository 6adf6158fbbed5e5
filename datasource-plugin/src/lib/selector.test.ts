import { NAUGHTY } from '../test/naughty';
import type { Filter } from '../types';
import { parseSelector, printSelector } from './selector';

describe('conditions as text', () => {
  const READ: Array<[string, Filter[], number?]> = [
    ['', []],
    ['{}', []],
    ['{severity="critical"}', [{ key: 'severity', op: '=', values: ['critical'] }]],
    ['severity=critical', [{ key: 'severity', op: '=', values: ['critical'] }]],
    ['{ owner =~ "pay.*" , score >= 2.5 }', [{ key: 'owner', op: '=~', values: ['pay.*'] }, { key: 'score', op: '>=', values: ['2.5'] }]],
    ['{kind in ("cicd", ai_agent), owner!=""} limit 50', [{ key: 'kind', op: 'in', values: ['cicd', 'ai_agent'] }, { key: 'owner', op: '!=', values: [''] }], 50],
    ['{kind not in ($kinds), identity=${identity:raw}}', [{ key: 'kind', op: 'not in', values: ['$kinds'] }, { key: 'identity', op: '=', values: ['${identity:raw}'] }]],
    ['{tool="a \\"quoted\\" \\u00e9 \\n"}', [{ key: 'tool', op: '=', values: ['a "quoted" é \n'] }]],
    ['{inventoried=true}', [{ key: 'inventoried', op: '=', values: ['true'] }]],
  ];
  it.each(READ)('reads %s', (...given) => {
    const [text, filters, limit] = given;
    expect(parseSelector(text)).toEqual(typeof limit === 'number' ? { filters, limit } : { filters });
  });

  const REFUSED: Array<[string, number, RegExp]> = [
    ['{severity', 10, /one of/], ['{severity="critical"', 21, /comma or }/], ['{severity=}', 11, /value is missing/], ['{="x"}', 2, /name of a label/], ['{a="x} ', 4, /end with a quote/],
    ['{a in ("x"}', 11, /comma or \)/], ['{a="x"} drop table', 9, /nothing more/], ['{a="\\q"}', 4, /escape/], ['{a="x"} limit x', 9, /nothing more/], ['{} limit 0', 10, /from 1 to 10000/], ['{} limit 20000', 10, /from 1 to 10000/],
  ];
  it.each(REFUSED)('says where %s cannot be read', (text, column, why) => {
    const read = parseSelector(text);
    expect(read).toMatchObject({ column, error: expect.stringMatching(why) });
  });

  it.each(NAUGHTY)('holds any value through writing and reading: %j', (value) => {
    for (const filter of [{ key: 'identity', op: '=', values: [value] }, { key: 'identity', op: 'not in', values: [value, 'other'] }] satisfies Filter[]) {
      expect(parseSelector(printSelector([filter], 7))).toEqual({ filters: [filter], limit: 7 });
    }
  });

  it.each(NAUGHTY)('keeps values of data literal where they could be taken for variables: %j', (value) => {
    const read = parseSelector(printSelector([{ key: 'identity', op: '=', values: [value], literal: true }]));
    expect(read).toMatchObject({ filters: [{ key: 'identity', op: '=', values: [value] }] });
    if (/[$[]/.test(value)) {
      expect(read).toMatchObject({ filters: [{ literal: true }] });
    }
  });

  it('tells values of data from variables in one list', () => {
    const filter: Filter = { key: 'owner', op: '=', values: ['$team', '$owner', 'x'], literal: ['$owner'] };
    const text = printSelector([filter]);
    expect(text).toBe('{owner in ("$team", "\\u0024owner", "x")}');
    expect(parseSelector(text)).toEqual({ filters: [{ ...filter, op: 'in' }] });
  });
});
