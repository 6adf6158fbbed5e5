export interface ParsedSample { name: string; labels: Record<string, string>; value: number; raw: string; exemplar?: { labels: Record<string, string>; value: number; at: number } }
export interface ParsedFamily { name: string; type: string; help: string; unit: string | null; samples: ParsedSample[] }

/**
 * A strict reader of the text format 0.0.4 and of OpenMetrics 1.0.0, character by character. Throws for anything that the
 * formats do not allow: families or series twice, samples outside their family, a missing or second end, blank lines.
 */
export function parseExposition(text: string, format: 'text' | 'openmetrics'): ParsedFamily[] {
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let current: ParsedFamily | null = null;
  if (text === '' && format === 'text') return [];
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('# EOF is not the last line');
  for (const line of lines) {
    if (line === '' || line === '# EOF') throw new Error(`unexpected line: ${line}`);
    const meta = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line);
    if (meta) {
      const [, kind = '', name = '', rest = ''] = meta;
      if (kind === 'HELP') {
        if (families.has(name)) throw new Error(`family ${name} twice`);
        families.set(name, current = { name, type: '', help: rest, unit: null, samples: [] });
      } else if (current?.name !== name || current.samples.length > 0) throw new Error(`${kind} outside its family: ${line}`);
      else if (kind === 'TYPE') current.type = rest;
      else if (format === 'openmetrics' && name.endsWith(`_${rest}`)) current.unit = rest;
      else throw new Error(`bad unit: ${line}`);
      continue;
    }
    const sample = readSample(line, format);
    if (!current || !belongs(sample.name, current, format)) throw new Error(`outside its family: ${line}`);
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (seen.has(key)) throw new Error(`series twice: ${line}`);
    seen.add(key);
    current.samples.push(sample);
  }
  return [...families.values()];
}

function belongs(sample: string, { name, type }: ParsedFamily, format: 'text' | 'openmetrics'): boolean {
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`].includes(sample);
  return sample === (type === 'counter' && format === 'openmetrics' ? `${name}_total` : name);
}

function readSample(line: string, format: 'text' | 'openmetrics'): ParsedSample {
  const reader = new Reader(line);
  const name = reader.take(/[a-zA-Z_:][a-zA-Z0-9_:]*/y);
  const labels = reader.peek() === '{' ? reader.labels() : {};
  reader.take(/ /y);
  const raw = reader.take(/[^ ]+/y);
  const sample: ParsedSample = { name, labels, value: readNumber(raw), raw };
  if (format === 'openmetrics' && reader.peek() === ' ') {
    reader.take(/ # /y);
    const about = reader.labels();
    reader.take(/ /y);
    const value = readNumber(reader.take(/[^ ]+/y));
    reader.take(/ /y);
    sample.exemplar = { labels: about, value, at: readNumber(reader.take(/[^ ]+/y)) };
  }
  if (reader.peek() !== '') throw new Error(`something after the value: ${line}`);
  return sample;
}

/** Numbers as Go reads them: leading zeros and exponents, `NaN`, `+Inf`, `-Inf`. */
function readNumber(raw: string): number {
  if (raw === 'NaN') return NaN;
  if (raw === '+Inf' || raw === '-Inf') return raw === '+Inf' ? Infinity : -Infinity;
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(raw)) throw new Error(`not a number: ${raw}`);
  return Number(raw.replace(/^(-?)0+(?=\d)/, '$1'));
}

class Reader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) { this.#text = text; }

  peek(): string { return this.#text.charAt(this.#at); }

  take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match === undefined) throw new Error(`${pattern.source} expected at ${this.#at}: ${this.#text}`);
    this.#at += match.length;
    return match;
  }

  labels(): Record<string, string> {
    const labels = Object.create(null) as Record<string, string>;
    this.take(/\{/y);
    while (this.peek() !== '}') {
      const name = this.take(/[a-zA-Z_][a-zA-Z0-9_]*/y);
      if (name in labels) throw new Error(`label ${name} twice`);
      this.take(/="/y);
      labels[name] = this.take(/(?:[^"\\]|\\[\\"n])*/y).replace(/\\([\\"n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
      this.take(/"/y);
      if (this.peek() === ',') this.take(/,(?=[a-zA-Z_])/y);
    }
    this.take(/\}/y);
    return labels;
  }
}
