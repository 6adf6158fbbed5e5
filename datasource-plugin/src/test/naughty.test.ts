import { NAUGHTY } from './naughty';

it('has five hundred naughty texts and more', () => {
  expect(NAUGHTY.length).toBeGreaterThanOrEqual(500);
  expect(NAUGHTY.every((text) => text !== '')).toBe(true);
});
