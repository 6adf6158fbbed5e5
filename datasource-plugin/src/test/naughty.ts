/** Texts that break things: markup, templates, links, control characters, odd Unicode, other languages' syntax. */
export const NAUGHTY: readonly string[] = [
  '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '"><svg/onload=alert(1)>', 'javascript:alert(1)', 'data:text/html,<script>alert(1)</script>', '[click](javascript:alert(1))',
  '![x](https://evil.example/x.png)', '${__user.login}', '$__all', '$owner', '[[owner]]', '${owner:raw}', '{{ .SecureJsonData.writeToken }}', '{{constructor.constructor("alert(1)")()}}', '"} or {severity="', '"), ("',
  '\\', '\\"', "' OR 1=1 --", '.*', '(', '[', '\u202Etxt.exe', '\u0000\u0007\u001b[31m', '\ud800', '😀😀', '__proto__', 'constructor', 'toString', '../../-/reload', '%2e%2e%2f-%2freload', '\r\nX-Injected: 1', ' ', '=', '!=', ',', '|',
  'a'.repeat(512), 'null', 'undefined', 'NaN', '1e309', 'Ω≈ç√∫˜µ≤≥÷', '田中さんにあげて下さい', 'ﷺ', '﻿', '$(touch /tmp/x)', '`id`', '%s%s%n', '&lt;b&gt;', 'limit 5', '} limit 1', '{', '}',
];
