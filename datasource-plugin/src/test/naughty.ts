/** Texts that break things: markup, links, templates, conditions, odd Unicode, names that code has, paths, numbers. More than five hundred, each once. */
export const NAUGHTY: readonly string[] = [...new Set([...markup(), ...links(), ...variables(), ...conditions(), ...unicode(), ...names(), ...paths(), ...numbers(), ...foreign()])];

function markup(): string[] {
  const run = 'window.owned=1';
  const plain = [
    `<script>${run}</script>`, `<script src=//evil.example/x.js></script>`, `<img src=x onerror=${run}>`, `<svg onload=${run}>`, `<svg><script>${run}</script></svg>`, `<iframe srcdoc="<script>parent.owned=1</script>"></iframe>`,
    `<a href="javascript:${run}">x</a>`, `<body onload=${run}>`, `<math><mtext><style><img src=x onerror=${run}></style></mtext></math>`, `<style>*{background:url(//evil.example)}</style>`, `<input autofocus onfocus=${run}>`,
    `<details open ontoggle=${run}>`, `<video><source onerror=${run}></video>`, `<form action=javascript:${run}><button>x</button></form>`, `<object data="data:text/html,<script>${run}</script>">`, `<embed src=javascript:${run}>`,
    `<link rel=stylesheet href=//evil.example/x.css>`, `<meta http-equiv=refresh content="0;url=//evil.example">`, `<base href=//evil.example/>`, `<template><img src=x onerror=${run}></template>`, '<b>bold</b>', '&lt;b&gt;', '<!--', ']]>',
  ];
  const around: Array<(text: string) => string> = [
    (text) => text, (text) => `">${text}`, (text) => `'>${text}`, (text) => `</textarea></title></style>${text}`, (text) => `--><!--${text}`, (text) => text.replaceAll('<', '\uFF1C'), (text) => text.replaceAll('<', '<\u0000'), encodeURIComponent,
  ];
  return plain.flatMap((text) => around.map((each) => each(text)));
}

function links(): string[] {
  const targets = [
    'javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\tscript:alert(1)', ' javascript:alert(1)', '\u0001javascript:alert(1)', 'javascript&colon;alert(1)', 'vbscript:msgbox(1)', 'data:text/html,<script>alert(1)</script>', 'file:///etc/passwd',
    '//evil.example/x', '\\\\evil.example\\x', 'https://evil.example/x', 'https://remit.example@evil.example/', 'blob:https://evil.example/1', '?var-identity=other&kiosk', '#"onclick=alert(1)',
  ];
  return targets.flatMap((target) => [target, `[click](${target})`, `![picture](${target})`, `<${target}>`]);
}

function variables(): string[] {
  const held = ['__user.login', '__user.email', '__org.name', '__all', 'owner', 'identity', '__data.fields.id', '__from', '__url_time_range', '__cell', '__value.raw', '__dashboard.uid', '__field.labels.owner', 'datasource'];
  return [...held.flatMap((name) => [`$${name}`, `\${${name}}`, `\${${name}:raw}`, `[[${name}]]`, `[[${name}:raw]]`, `{{${name}}}`, `$\${${name}}`, `a \${${name}:csv} b`]), '{{ .SecureJsonData.writeToken }}', '{{constructor.constructor("alert(1)")()}}', '${', '[[', ']]', '$', '$$'];
}

function conditions(): string[] {
  return [
    '"} or {severity="', '"), ("', '", state="open', '\\"', '\\', '\\\\"', '"', "'", '`', '{', '}', '} limit 1', 'limit 5', '{}', '(', ')', ',', '|', '=', '!=', '=~', '=|', '!=|', 'in', 'not in', '.*', '(?i)x', '[', '[^', 'a{9999}', '(a+)+$', '^$', "' OR 1=1 --",
    '"; drop table findings; --', '*', '%', '_', '\\u0024{owner}', '\\x24', '__gfp__', '__gfc__', 'a__gfp__b', 'a,b', 'a|b', 'key|=|value', '\n', '\r\nX-Injected: 1', '\t', ' ', '  two  spaces  ',
  ];
}

function unicode(): string[] {
  return [
    '\u202Etxt.exe', '\u202Aleft', '\u2066isolated\u2069', '\u200B', 'zero\u200Bwidth', '\u00AD', '\uFEFF', '\u2028', '\u2029', '\u0085', '\u0000', '\u0000\u0007\u001B[31m', '\u007F', '\uD800', '\uDC00', 'a\uD800b', '\uFFFE', '\uFFFF', 'e\u0301', 'Z\u0310\u0351\u0344a\u0337l\u0321g\u0308o',
    '😀😀', '👩‍👩‍👧‍👦', '🏳️‍🌈', '🇩🇪', 'Ω≈ç√∫˜µ≤≥÷', '田中さんにあげて下さい', 'ﷺ', 'שלום', 'مرحبا', 'раypal', 'ſcript', 'ＳＣＲＩＰＴ', 'İ', 'ı', 'ß', 'ǆ', '\u1680', '\u3000', '\u180E', 'a'.repeat(512), '😀'.repeat(256), '\u0301'.repeat(300), `${'a/'.repeat(200)}b`,
  ];
}

function names(): string[] {
  return ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'length', 'name', 'null', 'undefined', 'true', 'false', 'NaN', 'None', 'nil', '[object Object]', 'function(){}', '_overflow_', '_none_', '$__all', 'All'];
}

function paths(): string[] {
  return ['..', '.', '/', '../../-/reload', '%2e%2e%2f-%2freload', '..%2f..%2f', '..\\..\\', '/etc/passwd', 'C:\\CON', 'write/x/verdict', '/api/datasources/proxy/uid/remit/write', '?x=y', '#x', '%', '%00', '%zz', ';x=y', '~', './.', 'a//b'];
}

function numbers(): string[] {
  return ['0', '-0', '-1', '1e309', '-1e309', '0x7f', '1_000', '１２３', '9007199254740993', '1.7976931348623157e308', '5e-324', 'Infinity', '--1', '0.1.2', '1,5', '١٢٣', '2026-02-30', 'T00:00:00Z'];
}

function foreign(): string[] {
  return ['$(touch /tmp/x)', '`id`', '%s%s%n', '%d', '{0}', '<%= 7*7 %>', '#{7*7}', '@{7*7}', '=1+1', '+1', '@SUM(1)', '-2+3', '=HYPERLINK("https://evil.example")', '*(|(x=*))', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', '# heading', '**bold**', '| a | b |', '```', '~~~', '- [ ] item', '> quote', '[x]: javascript:alert(1)'];
}
