import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFile } from './parse.ts';
import type { Path } from './parse.ts';
import { readPlainYaml } from './plain-yaml.ts';

/** Whatever the quick reader takes, the library reads the same, at the same places. True when it was taken. */
function agree(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === null) return false;
  const full = parseFile('f', text);
  if ('problems' in full) throw new Error(`taken, but faulty: ${JSON.stringify(text)} ${full.problems[0]!.message}`);
  expect(plain.value, JSON.stringify(text)).toEqual(full.value);
  for (const path of paths(full.value)) {
    for (const key of [false, true]) expect([text, path, key, plain.place(path, key)]).toEqual([text, path, key, full.place(path, key)]);
  }
  return true;
}

function* paths(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) yield* paths((value as Record<string, unknown>)[key], [...path, Array.isArray(value) ? Number(key) : key]);
}

test.each([
  'owners:\n  - team: payments   # a comment\n    contact: "#oncall"\n',
  'a: 1\nb: x y # c\nc:\n  - p: q\n    r: [a:b, "x", {k: v, l: \'it\'\'s\'}]\n  - s: null\nd:\n- 1\n- two\ne: {}\nf: []\n',
  'a: [\n  b,\n  c\n  ]\nb: { c: d,\n  e: "f g" }\n',
  '{"a": [1, 2, {"b": "c\\u00e9\\n"}],\n "d": null, "e": true}',
  '# c\n\na: 2027-01-01T00:00:00Z\nb: it\'s # c\nc: x#y\nd: a, b]\n\n# end',
  'a:    # c\n  b: 1\nc:\nd: ~\n',
  ' a: 1\n b:\n   - c\n   - d: e\n     f: g\n',
  '- a\n- b: 1\n  c:\n  - 2\n  - 3\n',
])('plain text is taken and read as the library reads it: %j', (text) => {
  expect(agree(text)).toBe(true);
});

test.each([
  'a: &x 1\nb: *x\n', 'a: !!str 1\n', 'a: |\n  b\n', 'a: >-\n  b\n', 'a: b\n  c\n', 'a: "b\n  c"\n', '---\na: 1\n', 'a: 1\n---\nb: 1\n', '%YAML 1.2\n---\na: 1\n',
  '? a\n: b\n', 'a:\t1\n', 'a: 1\r\nb: 2\r\n', 'a: 1\na: 2\n', '{a: 1, a: 2}', '__proto__: 1\n', 'null: 1\n', '1: 2\n', 'a: 0x1f\n', 'a: 010\n', 'a: 1e3\n',
  'a: .inf\n', '"a": 1\n', '- - a\n', 'a: [b,, c]\n', 'a: [b: c]\n', 'a: [\nb\n]\n', 'a: b: c\n', 'a: "\\x41"\n', '', 'text', 'a: "x" y\n', 'a: [b] c\n', '\ufeffa: 1\n', 'a: b\n b: c\n',
  'a: {b}\n', 'a: @b\n', 'a: \'b\n', 'a: [b\n', '['.repeat(100),
])('everything else is left to the library: %j', (text) => {
  expect(readPlainYaml(text)).toBeNull();
});

test('both readers agree on whatever is made of the pieces of YAML', () => {
  const piece = fc.constantFrom(
    'a', 'b: ', 'c:\n', '- ', '  ', '\n', '\n  ', '\n    ', ' ', ': ', ', ', '[', ']', '{', '}', '"x"', "'y'", '"', "'", '#', ' # z', '~', '1', '-1', '0.5', 'true',
    'null', 'x:y', '*', '&', '!', '|', '>', '%', '@', '-', '?', 'd e', '\\n', '"q": ', 'é', '...', '---',
  );
  let taken = 0;
  fc.assert(fc.property(fc.array(piece, { minLength: 1, maxLength: 14 }), (pieces) => {
    if (agree(pieces.join(''))) taken++;
  }), { numRuns: 20_000 });
  expect(taken).toBeGreaterThan(100);
}, 60_000);

test('both readers agree on records written in any style', () => {
  const word = fc.stringMatching(/^[a-z@*.:/#' -]{0,8}[a-z]$/);
  const value: fc.Arbitrary<unknown> = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof({ maxDepth: 3 }, word, fc.integer({ min: 0, max: 99 }), fc.boolean(), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie('any'), { maxKeys: 3 })),
  })).any;
  const style = fc.array(fc.nat(7), { minLength: 1, maxLength: 40 });
  let taken = 0;
  fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), value, { minKeys: 1, maxKeys: 4 }), style, (fields, choices) => {
    let i = 0;
    if (agree(write(fields, 0, () => choices[i++ % choices.length]!))) taken++;
  }), { numRuns: 1500 });
  expect(taken).toBeGreaterThan(250);
}, 60_000);

/** Writes a value as block or flow YAML, quoted or bare, commented or not, as the choices say. Not always valid. */
function write(value: unknown, indent: number, choose: () => number): string {
  const pad = ' '.repeat(indent);
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return `${pad}${flow(value, choose)}\n`;
  return Object.entries(value).map(([key, item]: [string, unknown]) => {
    const head = Array.isArray(value) ? '-' : `${key}:`;
    const nested = typeof item === 'object' && item !== null && Object.keys(item).length > 0;
    const comment = choose() === 0 ? '   # note' : '';
    if (!nested || choose() < 3) return `${pad}${head} ${flow(item, choose)}${comment}\n`;
    if (Array.isArray(value)) return `${pad}- ${write(item, indent + 2, choose).trimStart()}`;
    return `${pad}${head}${comment}\n${write(item, Array.isArray(item) && choose() === 1 ? indent : indent + 2, choose)}`;
  }).join('');
}

function flow(value: unknown, choose: () => number): string {
  if (Array.isArray(value)) return `[${value.map((v) => flow(v, choose)).join(choose() === 2 ? ',\n        ' : ', ')}]`;
  if (typeof value === 'object' && value !== null) return `{ ${Object.entries(value).map(([k, v]) => `${k}: ${flow(v, choose)}`).join(', ')} }`;
  if (typeof value !== 'string') return String(value);
  return choose() < 4 ? value : choose() < 4 ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'`;
}
