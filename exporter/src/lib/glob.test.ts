import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GlobSet, globToRe2 } from './glob.ts';

test.each([
  ['aws:s3:Get*', 'aws:s3:GetObject', true],
  ['aws:s3:Get*', 'aws:s3:PutObject', false],
  ['aws:s3:Get', 'aws:s3:GetObject', false],
  ['k8s:*:core/secrets@prod/*', 'k8s:get:core/secrets@prod/billing', true],
  ['*', '', true],
  ['a*', 'a/b:c\nd', true],
  ['*a*b', 'xxaxxb', true],
  ['a*a', 'a', false],
  ['ab*ba', 'aba', false],
  ['*bc*b*', 'abcab', true],
  ['**a**', 'bab', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', true],
  ['a?c', 'ac', false],
  ['a?c', 'a😀c', true],
  ['?*', '', false],
  ['a.c', 'abc', false],
  ['a.c?', 'abcd', false],
  ['(a|b)+[c]\\d?', '(a|b)+[c]\\dx', true],
  ['^a$', 'a', false],
  ['A*', 'abc', false],
])('%j on %j', (pattern, text, matches) => {
  expect(new GlobSet([pattern]).test(text)).toBe(matches);
});

test('case is ignored where asked', () => {
  const set = new GlobSet(['aws:S3:get*', 'K8S:?ET:x', 'Exact'], { ignoreCase: true });
  for (const text of ['AWS:s3:GETOBJECT', 'k8s:Get:X', 'eXACT']) expect(set.test(text)).toBe(true);
});

test('the quick ways say what RE2 says', () => {
  const word = fc.array(fc.constantFrom('a', 'b', '*', '?', '/', '.'), { maxLength: 8 }).map((w) => w.join(''));
  fc.assert(fc.property(word.filter((w) => w !== ''), word, (pattern, text) => {
    const regex = new RegExp(`^(?:${globToRe2(pattern)})$`, 'su');
    expect(new GlobSet([pattern]).test(text)).toBe(regex.test(text));
  }), { numRuns: 2000 });
});

test.each([
  ['many stars', `${'a*'.repeat(250)}b`, 'a'.repeat(200_000)],
  ['stars and question marks', `${'*?a'.repeat(80)}b`, 'a'.repeat(4000)],
  ['a megabyte against a question mark', '?*', 'x'.repeat(1_000_000)],
])('hostile patterns take no time: %s', (_, pattern, text) => {
  const set = new GlobSet([pattern]);
  const began = performance.now();
  set.test(text);
  expect(performance.now() - began).toBeLessThan(2000);
});
