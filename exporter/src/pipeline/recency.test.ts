import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Recency, type Used } from './recency.ts';

test('the oldest is what a list would say that is put in order at every use', () => {
  const things: Used[] = Array.from({ length: 12 }, () => ({ used: 0 }));
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('use', 'use', 'use', 'drop', 'oldest'), fc.nat(things.length - 1)), { minLength: 1, maxLength: 2000 }), (steps) => {
    for (const thing of things) thing.used = 0;
    const recency = new Recency<Used>();
    let list: Used[] = [];
    for (const [step, which] of steps) {
      const thing = things[which]!;
      if (step !== 'oldest') list = list.filter((one) => one !== thing);
      if (step === 'drop') recency.drop(thing);
      else if (step === 'use') {
        recency.use(thing);
        list.push(thing);
      } else if (list.length > 0) expect(recency.oldest).toBe(list[0]);
      expect(recency.size).toBe(list.length);
    }
  }));
});
