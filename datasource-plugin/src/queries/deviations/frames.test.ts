import { framesOf } from '../../test/cases';

it('scores and their threshold share an axis', () => {
  const [frame] = framesOf('deviations', 'series');
  const axes = frame.fields.filter(({ name }) => name === 'score' || name === 'threshold').map(({ config: { unit, min, max, custom } }) => [unit, min, max, custom?.axisPlacement]);
  expect(axes.length).toBeGreaterThan(1);
  expect(new Set(axes.map(String)).size).toBe(1);
});

it('parts are shown of one identity, and of several it is said how to see them', () => {
  const [several] = framesOf('deviations', 'series');
  expect(several.fields.filter(({ labels }) => labels?.part)).toEqual([]);
  const scores = several.fields.filter(({ name }) => name === 'score').map(({ config }) => config.color?.fixedColor);
  expect(new Set(scores).size).toBe(scores.length);
  expect(several.meta?.notices?.map(({ text }) => text)).toContainEqual(expect.stringMatching(/one identity/));
  const [one] = framesOf('deviations', 'series', ({ frames: [wire] }) => {
    const [first] = wire.schema.fields.flatMap(({ labels }) => labels?.identity ?? []);
    const kept = wire.schema.fields.map(({ labels }) => labels === undefined || labels.identity === first);
    wire.schema.fields = wire.schema.fields.filter((_, index) => kept[index]);
    wire.data.values = wire.data.values.filter((_, index) => kept[index]);
    wire.schema.fields = [...wire.schema.fields.filter(({ labels }) => labels?.part === undefined), { name: 'part', type: 'number', typeInfo: { frame: 'float64', nullable: true }, labels: { identity: String(first), part: 'volume' } }];
    wire.data.values = [...wire.data.values.slice(0, wire.schema.fields.length - 1), wire.data.values[0].map(() => 1.5)];
  });
  expect(one.fields.filter(({ labels }) => labels?.part).map(({ labels }) => labels?.part)).toEqual(['volume']);
  expect(JSON.stringify(one.meta?.notices ?? [])).not.toMatch(/one identity/);
});
