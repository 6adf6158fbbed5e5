import { expect, test } from 'vitest';
import { Sketch } from './sketch.ts';

/** Values by the day on which one more member showed them. */
const SEEN: readonly [day: number, value: number][] = [[1, 5], [1, 5], [1, 70_000], [2, 5], [3, 9], [4, 5], [9, 70_000]];
/** Days are frozen in order, with a few that nothing happened on; the last day is not frozen yet. */
function filled(): Sketch {
  const sketch = new Sketch();
  for (let day = 1; day <= 9; day++) {
    for (const [, value] of SEEN.filter(([on]) => on === day)) sketch.add(value, day);
    if (day < 9) sketch.freeze(day);
  }
  return sketch;
}
const known = (sketch: Sketch) => [5, 9, 70_000, 6].map((value) => [5, 6, 7, 8].map((epoch) => sketch.read(value, epoch)));

test('an epoch knows what was shown up to its day', () => {
  const sketch = new Sketch();
  const seen: number[][] = [];
  for (let day = 1; day <= 4; day++) {
    for (const [, value] of SEEN.filter(([on]) => on === day)) sketch.add(value, day);
    sketch.freeze(day);
    seen.push(Array.from({ length: day }, (_, i) => sketch.read(5, i + 1)));
  }
  expect(seen).toEqual([[2], [2, 3], [2, 3, 3], [2, 3, 3, 4]]);
});

test('what comes for a frozen day counts on the first that is not', () => {
  const sketch = filled();
  sketch.add(6, 2);
  expect(sketch.read(6, 8)).toBe(0);
  sketch.freeze(9);
  expect(sketch.read(6, 9)).toBe(1);
  expect(sketch.read(6, 8)).toBe(0);
});

test('it goes on after a restart, whether its rows were written at once or as they changed', () => {
  const rows = new Map<string, Uint8Array>();
  let meta: unknown = null;
  const sketch = new Sketch();
  for (let day = 1; day <= 9; day++) {
    for (const [, value] of SEEN.filter(([on]) => on === day)) sketch.add(value, day);
    if (day < 9) sketch.freeze(day);
    for (const key of sketch.takeGoneDays()) rows.delete(`day/${key}`);
    for (const { key, value } of sketch.takeDirty()) rows.set(`page/${key}`, value);
    for (const { key, value } of sketch.takeDirtyDays()) rows.set(`day/${key}`, value);
    meta = JSON.parse(JSON.stringify(sketch.save()));
  }
  expect([...rows.keys()].filter((key) => key.startsWith('day/')).map((key) => Number(key.split('/')[1])).every((day) => day > 4)).toBe(true);
  const restored = new Sketch();
  for (const [key, value] of rows) {
    if (key.startsWith('page/')) restored.restorePage(key.slice(5), value);
    else restored.restoreDay(key.slice(4), value);
  }
  restored.restore(meta);
  expect(known(restored)).toEqual(known(filled()));
  restored.freeze(9);
  expect(restored.read(70_000, 9)).toBe(2);
});

test('states before version 6 had what days added as pairs', () => {
  const restored = new Sketch();
  const page = new Uint16Array(4096);
  page[5] = 4;
  page[9] = 1;
  restored.restorePage('0', new Uint8Array(page.buffer));
  restored.restore({ frozen: 4, days: [[3, [[9, 1]]], [4, [[5, 1]]], [5, [[70_000, 2]]]] });
  expect([2, 3, 4].map((epoch) => [restored.read(5, epoch), restored.read(9, epoch)])).toEqual([[3, 0], [3, 1], [4, 1]]);
  restored.freeze(5);
  expect(restored.read(70_000, 5)).toBe(2);
  expect(restored.takeDirtyDays().map(({ key }) => key)).toEqual(['3/0', '4/0', '5/17']);
});
