import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sieve } from './sieve.ts';

const PATHS = ['id', 'who.name', 'who.at.place', 'who["a.b/c"]', 'list[].x', 'any.*', 'flag'];

function read(sieve: Sieve, line: string): Record<string, unknown> | null {
  const bytes = Buffer.from(line);
  return sieve.open(bytes)(0, bytes.length);
}

/** What lies on the paths, taken out of the whole. */
function wanted(value: Record<string, unknown>): unknown {
  const who = value['who'];
  const inside = typeof who === 'object' && who !== null && !Array.isArray(who) ? who as Record<string, unknown> : null;
  const at = inside?.['at'];
  const deeper = typeof at === 'object' && at !== null && !Array.isArray(at) ? at as Record<string, unknown> : null;
  return {
    id: value['id'], list: value['list'], any: value['any'], flag: value['flag'],
    who: inside ? { name: inside['name'], at: deeper ? { place: deeper['place'] } : at, 'a.b/c': inside['a.b/c'] } : who,
  };
}

describe('sieve', () => {
  const sieve = new Sieve(PATHS, ['id']);

  it('gives what lies on the paths, whatever stands around it', () => {
    expect(read(sieve, ' {"x":[1,{"id":"no"},"}"],"id":"a","who":{"name":"n","at":{"place":[1,{}],"y":2},"a.b/c":"d","z":"\\u00e9"},"list":[{"x":1}],"flag":true} \r'))
      .toEqual({ id: 'a', who: { name: 'n', at: { place: [1, {}] }, 'a.b/c': 'd' }, list: [{ x: 1 }], flag: true, any: undefined });
  });

  it.each([
    ['no JSON', '{"id":"a","x":01}'], ['a number that ends early', '{"id":"a","x":1.}'], ['a comma too many', '{"id":"a",}'],
    ['a control character', '{"id":"a","x":"\u0001"}'], ['a bad escape', '{"id":"a","x":"\\x"}'], ['half an escape', '{"id":"a","x":"\\u00"}'],
    ['a cut line', '{"id":"a","x":{"y":[1,2'], ['something behind', '{"id":"a"} x'], ['two values', '{"id":"a"}{"id":"b"}'], ['a word', '{"id":"a","x":nul}'],
    ['the wrong bracket', '{"id":"a","x":[1}]}'], ['a list', '[{"id":"a"}]'], ['nothing', ''], ['no mark', '{"flag":true}'], ['an empty mark', '{"id":""}'],
    ['a mark that is no text', '{"id":1}'], ['a wanted key twice', '{"id":"a","id":"b"}'], ['a key with an escape', '{"\\u0069d":"a"}'],
    ['more than ASCII', '{"id":"a","flag":"é"}'], ['many levels', `{"id":"a","x":${'['.repeat(60)}${']'.repeat(60)}}`],
  ])('leaves to JSON.parse what is not plain: %s', (_, line) => {
    expect(read(sieve, line)).toBeNull();
  });

  it('reads no more than the line', () => {
    const bytes = Buffer.from('{"id":"a","x":[1,2]}\n{"id":"b","x":tru\n');
    const lines = sieve.open(bytes);
    expect([lines(0, 20), lines(0, 19), lines(21, 38)]).toEqual([expect.objectContaining({ id: 'a' }), null, null]);
  });

  it('keeps values apart that share a line, a slot or a beginning', () => {
    const own = new Sieve(['a', 'b', 'c'], ['a']);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 20_000; i++) {
        const [a, b, c] = [`v${i % 9000}`, `v${(i * 7) % 9001}`, `v${(i * i) % 8999}`];
        const order = [`"a":"${a}"`, `"b":"${b}"`, `"c":"${c}"`].sort(() => (i % 3) - 1);
        const cut = i % 5 === 0;
        const found = read(own, `{${order.join()}${cut ? '' : '}'}`);
        if (cut ? found !== null : found?.['a'] !== a || found['b'] !== b || found['c'] !== c) expect(found).toEqual({ a, b, c });
      }
    }
  });

  it('agrees with JSON.parse on any object, and reads none that it refuses', () => {
    const key = fc.oneof(fc.constantFrom('id', 'who', 'name', 'at', 'place', 'a.b/c', 'list', 'any', 'flag', '__proto__', ''), fc.string({ maxLength: 4 }));
    const object = fc.dictionary(key, fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null), fc.array(tie('value')), fc.dictionary(key, tie('value'))),
    })).value as fc.Arbitrary<unknown>);
    fc.assert(fc.property(object, fc.nat(), fc.boolean(), (given, at, spaced) => {
      const text = JSON.stringify({ id: 'x', ...given }, null, spaced ? ' ' : undefined).replaceAll('\n', ' ');
      const found = read(sieve, text);
      if (found !== null) expect(found).toEqual(wanted(JSON.parse(text) as Record<string, unknown>));
      // One byte less, or another one.
      for (const broken of [text.slice(0, at % text.length) + text.slice((at % text.length) + 1), text.slice(0, at % text.length) + '"' + text.slice((at % text.length) + 1)]) {
        const read_ = read(sieve, broken);
        if (read_ !== null) expect(read_).toEqual(wanted(JSON.parse(broken) as Record<string, unknown>));
      }
    }), { numRuns: 3000 });
  });
});
