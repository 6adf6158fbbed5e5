import { NAUGHTY } from '../test/naughty';
import { templates } from '../test/templates';
import type { Filter } from '../types';
import { adHocFilters, filtersOf, interpolateFilters } from './interpolate';

const one = (op: Filter['op'], ...values: string[]): Filter => ({ key: 'owner', op, values });

describe('variables in conditions', () => {
  const CASES: Array<[string, Filter, Record<string, string | string[]>, Array<Omit<Filter, 'literal'>>]> = [
    ['one value', one('=', '$team'), { team: 'payments' }, [one('=', 'payments')]],
    ['several values', one('=', '$team'), { team: ['a', 'b'] }, [one('=', 'a', 'b')]],
    ['several values beside a fixed one', one('!=', '${team}', 'c'), { team: ['a', 'b', 'c'] }, [one('!=', 'a', 'b', 'c')]],
    ['All', one('=', '$team'), { team: ['$__all'] }, []],
    ['nothing chosen', one('=', '$team'), { team: '' }, []],
    ['no such variable', one('=', '$other'), {}, [one('=', '$other')]],
    ['within a text', one('=', 'team-$team'), { team: 'a' }, [one('=', 'team-a')]],
    ['within a regular expression', one('=~', 'team-$team-.*'), { team: ['a.b', 'c'] }, [one('=~', 'team-(a\\.b|c)-.*')]],
    ['as regular expressions', one('=~', '$team'), { team: ['a.b', 'c'] }, [one('=~', 'a\\.b', 'c')]],
    ['a text variable holds a regular expression', one('=~', '$team'), { team: 'pay.*' }, [one('=~', 'pay.*')]],
    ['several values, as older dashboards write it', one('=', '[[team]]'), { team: ['a', 'b'] }, [one('=', 'a', 'b')]],
    ['All, as older dashboards write it', one('=', '[[team]]'), { team: ['$__all'] }, []],
    ['a value of data beside a variable', { ...one('=', '$team', '$owner'), literal: ['$owner'] }, { team: 'a', owner: 'SECRET' }, [one('=', 'a', '$owner')]],
    ['a value of data that is spelled like a variable of which All is chosen', { ...one('=', '$team'), literal: ['$team'] }, { team: ['$__all'] }, [one('=', '$team')]],
    ['unfinished', { key: '', op: '=', values: ['x'] }, {}, []],
    ['without a value', one('='), {}, []],
  ];
  it.each(CASES)('%s', (_, filter, variables, expected) => {
    expect(interpolateFilters([filter], templates(variables), {})).toEqual(expected);
  });

  it.each(NAUGHTY.filter((text) => text !== '' && text !== '$__all'))('takes whatever a variable holds as one value: %j', (value) => {
    expect(interpolateFilters([one('=', '$team')], templates({ team: value, owner: 'SECRET', __user: 'SECRET' }), {})).toEqual([one('=', value)]);
    const raw = filtersOf({ refId: 'A', kind: 'findings', editor: 'raw', raw: '{owner="$team", state="open"}' }).filters;
    expect(interpolateFilters(raw, templates({ team: value }), {})).toEqual([one('=', value), { key: 'state', op: '=', values: ['open'] }]);
  });

  it.each(NAUGHTY)('leaves values from data alone: %j', (value) => {
    expect(interpolateFilters([{ ...one('=', value), literal: true }], templates({ owner: 'SECRET', __all: 'SECRET' }), {})).toEqual([one('=', value)]);
  });

  it('says what to do when a variable holds more than can be asked for', () => {
    const many = Array.from({ length: 101 }, (_, index) => `team-${index}`);
    expect(() => interpolateFilters([one('=', '$team')], templates({ team: many }), {})).toThrow(/at most 100/);
  });

  it('says where a text cannot be read', () => {
    expect(() => filtersOf({ refId: 'A', kind: 'findings', editor: 'raw', raw: '{owner=' })).toThrow(/column 8/);
  });
});

describe('ad hoc filters', () => {
  it.each([
    [{ key: 'owner', operator: '=', value: 'a' }, one('=', 'a')],
    [{ key: 'owner', operator: '=|', value: 'a', values: ['a', 'b'] }, one('in', 'a', 'b')],
    [{ key: 'owner', operator: '!=|', value: 'a', values: ['a'] }, one('not in', 'a')],
    [{ key: 'owner', operator: '!~', value: 'a.*' }, one('!~', 'a.*')],
    [{ key: 'owner', operator: '>', value: '3' }, one('>', '3')],
    [{ key: 'owner', operator: '!=', value: '' }, one('!=', '')],
  ])('%j', (given, expected) => {
    expect(adHocFilters([given])).toEqual([{ ...expected, literal: true }]);
  });

  it('leaves unfinished and unknown ones away', () => {
    expect(adHocFilters([{ key: '', operator: '=', value: 'a' }, { key: 'owner', operator: '=', value: '' }, { key: 'owner', operator: '~*', value: 'a' }])).toEqual([]);
    expect(adHocFilters(undefined)).toEqual([]);
  });
});
