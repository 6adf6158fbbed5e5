import { NAUGHTY } from '../test/naughty';
import { readValues, writeValues } from './listed';

it.each(NAUGHTY)('a box of one line holds any value, alone and among others: %j', (value) => {
  for (const [values, list] of [[[value], false], [[value, 'a'], true], [['a', value], true], [[value], true]] as const) {
    const box = document.createElement('input');
    box.value = writeValues(values, list);
    expect(readValues(box.value, list)).toEqual(values);
  }
});

it.each([
  ['agent a,b, agent tab', true, ['agent a', 'b', 'agent tab']], ['"agent a,b" , agent "x" tab', true, ['agent a,b', 'agent "x" tab']], ['a, , b,', true, ['a', 'b']],
  ['"a\\nb"', false, ['a\nb']], ['"not closed', false, ['"not closed']], [' a ', false, [' a ']], ['', true, []],
])('reads %j', (text, list, values) => {
  expect(readValues(text, list)).toEqual(values);
});
