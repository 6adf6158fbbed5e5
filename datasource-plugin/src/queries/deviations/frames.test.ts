import { framesOf } from '../../test/cases';

it('scores and their threshold share an axis', () => {
  const [frame] = framesOf('deviations', 'series');
  const axes = frame.fields.filter(({ name }) => name === 'score' || name === 'threshold').map(({ config: { unit, min, max, custom } }) => [unit, min, max, custom?.axisPlacement]);
  expect(axes.length).toBeGreaterThan(1);
  expect(new Set(axes.map(String)).size).toBe(1);
});
