import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escape, href, html, shown, visible } from './html.ts';

describe('escape', () => {
  test.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'], ['" onmouseover=x', '&quot; onmouseover=x'], ["' `", '&#39; &#96;'], ['&lt;', '&amp;lt;'],
  ])('%s', (text, expected) => expect(escape(text)).toBe(expected));

  test('whatever the text is, it cannot leave an element or a quoted attribute', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => { expect(escape(text)).not.toMatch(/[<>"'`]/); }));
  });
});

describe('characters that do not show', () => {
  test.each([
    ['a\u202Eb', 'a⟨U+202E⟩b'], ['\u200B\u2066', '⟨U+200B⟩⟨U+2066⟩'], ['\0\x1b[31m', '⟨U+0000⟩⟨U+001B⟩[31m'], ['\uD800x', '⟨U+D800⟩x'], ['\u00A0', '⟨U+00A0⟩'], ['\u3164', '⟨U+3164⟩'],
    ['\u{E0041}', '⟨U+E0041⟩'], ['e\u0301', 'e\u0301'], ['z\u0301\u0302\u0303\u0304', 'z\u0301\u0302⟨U+0303⟩⟨U+0304⟩'], ['Grüße, 世界, مرحبا 🚀', 'Grüße, 世界, مرحبا 🚀'], ['a\tb\n', 'a\tb\n'],
  ])('%j', (text, expected) => expect(visible(text)).toBe(expected));
});

describe('shown', () => {
  test('short text is isolated, long text is cut with its beginning in the tooltip', () => {
    expect(shown('a<b').markup).toBe('<bdi>a&lt;b</bdi>');
    const long = shown('A"'.repeat(5000), 10).markup;
    expect(long).toMatch(/^<bdi title="(A&quot;){1000}">(A&quot;){5}<span class="cut">… \(10000 characters\)<\/span><\/bdi>$/);
  });
  test('a cut never splits a character', () => expect(shown('🚀'.repeat(20), 3).markup).toMatch(/>🚀🚀🚀<span/));
});

test('html escapes values, keeps markup of its own, joins lists and drops nothing else', () => {
  expect(html`<p title="${'"'}">${'<'}${html`<b>${1}</b>`}${[html`<i>a</i>`, 'b&']}${null}${false}${undefined}</p>`.markup).toBe('<p title="&quot;">&lt;<b>1</b><i>a</i>b&amp;</p>');
});

test('href encodes each part', () => {
  expect(href('/findings', { identity: 'a b&c=/#?\u202E', detector: undefined, owner: '' })).toBe('/findings?identity=a%20b%26c%3D%2F%23%3F%E2%80%AE');
  expect(href('/x', { a: '\uD800' })).toBe('/x?a=%EF%BF%BD');
});
