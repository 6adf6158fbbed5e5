import { framesOf } from '../../test/cases';

it('bands of several identities, which would lie over each other, are their upper edge in the colour of the identity', () => {
  const [frame] = framesOf('baseline', 'series', ({ frames: [wire] }) => {
    for (const [index, { name }] of wire.schema.fields.entries()) {
      wire.data.values[index] = wire.data.values[index].map((value) => (/^p\d+$/.test(name) ? 7 : value));
    }
  });
  const identities = [...new Set(frame.fields.map(({ labels }) => labels?.identity).filter(Boolean))];
  expect(identities.length).toBeGreaterThan(1);
  expect(new Set(frame.fields.map(({ name }) => name))).toEqual(new Set(['time', 'observed', 'p99']));
  const hues = identities.map((identity) => [...new Set(frame.fields.filter(({ labels }) => labels?.identity === identity).map(({ config }) => config.color?.fixedColor))]);
  expect(hues.map(({ length }) => length)).toEqual(identities.map(() => 1));
  expect(new Set(hues.flat()).size).toBe(identities.length);
});
