/** Markup that is safe to send: made only by `html` and the helpers here. */
export class Html {
  readonly markup: string;
  constructor(markup: string) { this.markup = markup; }
}

type Piece = Html | string | number | null | undefined | false | readonly Piece[];

/**
 * Template of markup. Every value is escaped for text and for quoted attributes alike, with control, bidirectional and
 * invisible characters made visible; nested `Html` is taken as it is, lists are joined, and null, undefined and false vanish.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  let out = strings[0] ?? '';
  for (let i = 0; i < values.length; i += 1) out += render(values[i]) + (strings[i + 1] ?? '');
  return new Html(out);
}

/** Escapes text for element content and for attributes in quotes; characters that do not show become ⟨U+202E⟩. */
export function escape(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (char) => ENTITIES[char] ?? '');
}

/** Control, bidirectional, zero-width, unassigned and stacked combining characters as ⟨U+XXXX⟩; lone surrogates too. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (run) => {
    let out = '';
    for (const char of run) out += `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
    return out;
  });
}

/**
 * Somebody else's text for a person to read: isolated from the direction of its neighbours, cut at `max` characters with
 * the beginning of the rest in the tooltip (2,000 characters).
 */
export function shown(text: string, max = 160): Html {
  // Cut before anything else looks at it: a name may be megabytes long.
  const head = Array.from(text.slice(0, max * 2));
  const cut = head.length > max || text.length > max * 2;
  if (!cut) return html`<bdi>${text}</bdi>`;
  return html`<bdi title="${text.slice(0, 2000)}">${head.slice(0, max).join('')}<span class="cut">…${text.length > COUNTED && html` (${text.length} characters)`}</span></bdi>`;
}

/** A path of this service with its query, each part encoded. Segments are fixed words or ids; values may be anything. */
export function href(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') pairs.push(`${encodeURIComponent(key)}=${encodeURIComponent(value.toWellFormed())}`);
  }
  return pairs.length > 0 ? `${path}?${pairs.join('&')}` : path;
}

/** From this length on a cut text says how long it is. */
const COUNTED = 1000;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };
// Tab and line feed stay: they are ordinary in preformatted text and harmless elsewhere.
const HIDDEN = /(?:(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}|(?<=\p{M}{2})\p{M})+/gu;

function render(value: Piece): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'string') return escape(value);
  if (typeof value === 'number') return String(value);
  return value.map(render).join('');
}
