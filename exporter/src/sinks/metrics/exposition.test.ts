import { PassThrough, Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelValue } from '../../lib/label-value.ts';
import { parseExposition } from './cases/parse-exposition.ts';
import { Exposition, type Family, type Format, type Series } from './exposition.ts';

const GAUGE = { name: 'a_gauge', type: 'gauge', help: 'A help text.', unit: '', labels: ['identity', 'other'] } as const;

async function text(exposition: Exposition, format: Format = 'text', gzip = false, tail = ''): Promise<string> {
  const to = new PassThrough();
  const chunks: Buffer[] = [];
  to.on('data', (chunk: Buffer) => chunks.push(chunk));
  await exposition.write(format, to, { gzip, tail });
  const body = Buffer.concat(chunks);
  return (gzip ? gunzipSync(body) : body).toString();
}

/** What a reader sees, by the first label. */
async function values(exposition: Exposition, format: Format = 'text', gzip = false): Promise<Record<string, number>> {
  const families = parseExposition(await text(exposition, format, gzip), format);
  return Object.fromEntries(families.flatMap((f) => f.samples).map((s) => [s.labels.identity ?? s.name, s.value]));
}

/** Reads a label value back into the text it stands for, where it was not shortened. */
function unescape(label: string): string {
  return label.replace(/\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4}))/g, (_, byte?: string, unit?: string) => {
    const code = byte ?? unit;
    return code === undefined ? '\\' : String.fromCharCode(parseInt(code, 16));
  });
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 40 }),
  // Halves of surrogate pairs included.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.array(fc.constantFrom('\\', '"', '\n', '\r', 'x0a', '_', '{', '}', ',', '=', '~', '\u0000', '\u2028', '\ud800', '%', 'n'), { maxLength: 20 }).map((p) => p.join('')),
);

describe('label values', () => {
  it('come back from both formats as the text they stand for, whatever it is', async () => {
    await fc.assert(fc.asyncProperty(anyText.filter((t) => t !== '' && Buffer.byteLength(labelValue(t)) < 125), fc.constantFrom<Format>('text', 'openmetrics'), async (name, format) => {
      const exposition = new Exposition();
      exposition.family(GAUGE).add([labelValue(name), 'x'], 1);
      const [family] = parseExposition(await text(exposition, format), format);
      expect(unescape(family?.samples[0]?.labels.identity ?? '')).toBe(name);
    }), { numRuns: 300 });
  });

  it('differ for different texts, have at most 128 bytes, and never look like a word of ours', () => {
    fc.assert(fc.property(fc.array(fc.oneof(anyText, anyText.map((t) => t.repeat(9))), { minLength: 2, maxLength: 8 }), (names) => {
      const distinct = [...new Set(names)];
      const labels = distinct.map(labelValue);
      expect(new Set(labels).size).toBe(distinct.length);
      for (const label of labels) {
        expect(Buffer.byteLength(label)).toBeLessThanOrEqual(128);
        expect(label.startsWith('_')).toBe(false);
        expect(label.isWellFormed()).toBe(true);
      }
    }), { numRuns: 500 });
  });

  it.each([
    ['a URN is its own label', 'urn:nhi:aws:123456789012:role/payments-export', 'urn:nhi:aws:123456789012:role/payments-export'],
    ['an overflow by name', '_overflow_', '\\x5foverflow_'],
    ['a line end and a bell', 'a\nb\u0007', 'a\\x0ab\\x07'],
    ['128 bytes stay', 'x'.repeat(128), 'x'.repeat(128)],
    ['129 bytes are cut', 'x'.repeat(129), `${'x'.repeat(111)}~0ec9eb33e74510bc`],
    ['a cut falls between characters', `${'x'.repeat(110)}${'é'.repeat(20)}`, `${'x'.repeat(110)}~b6b49230502be422`],
  ])('%s', (_, name, label) => {
    expect(labelValue(name)).toBe(label);
  });

  it('cannot be forged: the shortened form of a long name is another name\'s label only by breaking the hash', () => {
    const long = `urn:nhi:aws:1:role/${'x'.repeat(300)}`;
    expect(labelValue(labelValue(long))).not.toBe(labelValue(long));
  });
});

describe('values', () => {
  it('are read back exactly, padded to one width where they are finite', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()), { minLength: 1, maxLength: 30 }), async (numbers) => {
      const exposition = new Exposition(8);
      const family = exposition.family(GAUGE);
      for (const [i, n] of numbers.entries()) family.add([`v${i}`, ''], n);
      const samples = parseExposition(await text(exposition), 'text').flatMap((f) => f.samples);
      for (const [i, n] of numbers.entries()) {
        const sample = samples.find((s) => s.labels.identity === `v${i}`);
        expect(sample?.value).toBe(n === 0 ? 0 : n);
        if (Number.isFinite(n)) expect(sample?.raw).toHaveLength(24);
      }
    }));
  });

  it('and series come and go like those of a plain map, in both formats, compressed or not', async () => {
    const step = fc.record({ what: fc.constantFrom('set', 'set', 'set', 'remove', 'scrape'), key: fc.integer({ min: 0, max: 20 }), value: fc.oneof(fc.double({ noNaN: true }), fc.nat()) });
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.constantFrom<Format>('text', 'openmetrics'), fc.boolean(), async (steps, format, gzip) => {
      const exposition = new Exposition(4);
      const family: Family = exposition.family(GAUGE);
      const held = new Map<number, Series>();
      const plain: Record<string, number> = {};
      for (const { what, key, value } of steps) {
        if (what === 'scrape') expect(await values(exposition, format, gzip)).toEqual(plain);
        else if (what === 'remove') { held.get(key)?.remove(); held.delete(key); delete plain[`k${key}`]; }
        else {
          const series = held.get(key) ?? family.add([`k${key}`, 'x']);
          series?.set(value);
          if (series) held.set(key, series);
          plain[`k${key}`] = value === 0 ? 0 : value;
        }
      }
      expect(await values(exposition, format, gzip)).toEqual(plain);
      expect(exposition.size).toBe(held.size);
    }), { numRuns: 60 });
  });
});

describe('a scrape', () => {
  const many = (count: number): { exposition: Exposition; series: Series[] } => {
    const exposition = new Exposition();
    const family = exposition.family(GAUGE);
    const series = Array.from({ length: count }, (_, i) => family.add([`urn:nhi:k8s:prod:service_account/team-${i}/some-workload-name`, 'x'], i));
    return { exposition, series: series.flatMap((s) => s ?? []) };
  };

  it('shows one moment, however slowly it is read and whatever changes meanwhile', async () => {
    const { exposition, series } = many(5000);
    await text(exposition);
    const chunks: Buffer[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _, done) {
        setTimeout(() => {
          for (const s of series) s.set(s.value + 1_000_000);
          series[chunks.length]?.remove();
          // Another scrape patches what this one still holds.
          void text(exposition).then(() => { chunks.push(Buffer.from(chunk)); done(); });
        }, 1);
      },
    });
    await exposition.write('text', slow, { gzip: false });
    await new Promise((done) => slow.end(done));
    const samples = parseExposition(Buffer.concat(chunks).toString(), 'text').flatMap((f) => f.samples);
    expect(samples.map((s) => s.value)).toEqual(series.map((_, i) => i));
  });

  it('leaves the loop to others between blocks', async () => {
    const { exposition } = many(20_000);
    let turns = 0;
    let done = false;
    const count = (): void => { turns++; if (!done) setImmediate(count); };
    setImmediate(count);
    await text(exposition);
    done = true;
    // Six texts are made, and written.
    expect(turns).toBeGreaterThanOrEqual(12);
  });

  it('compresses a block again only when it changed, and each member can be read', async () => {
    const { exposition, series } = many(3000);
    const first = await text(exposition, 'text', true);
    series[0]?.set(42);
    const second = await text(exposition, 'text', true);
    expect(second).toBe(first.replace(/(team-0\/.*\} )\d+/, `$1${'42'.padStart(24, '0')}`));
  });

  it('ends at once when the reader goes away', async () => {
    const { exposition } = many(5000);
    const gone = new Writable({ highWaterMark: 1, write() { gone.destroy(); } });
    gone.on('error', () => {});
    await exposition.write('text', gone, { gzip: false });
    expect(gone.destroyed).toBe(true);
  });
});

describe('OpenMetrics', () => {
  it('names counters without _total, says units, and has one end after what is appended', async () => {
    const exposition = new Exposition();
    exposition.family({ name: 'a_seconds_total', type: 'counter', help: 'Says "so".', unit: 'seconds', labels: [] }).add([], 5);
    const tail = '# HELP b Other.\n# TYPE b gauge\nb 1\n';
    expect(await text(exposition, 'openmetrics', false, tail)).toBe(
      `# HELP a_seconds Says \\"so\\".\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total ${'5'.padStart(24, '0')}\n${tail}# EOF\n`);
    expect(await text(exposition, 'text', false, tail)).toBe(
      `# HELP a_seconds_total Says "so".\n# TYPE a_seconds_total counter\na_seconds_total ${'5'.padStart(24, '0')}\n${tail}`);
  });

  it('has no two families of one name', async () => {
    const exposition = new Exposition();
    exposition.family({ name: 'a_total', type: 'counter', help: 'A.', unit: '', labels: [] }).add([], 5);
    exposition.family({ name: 'a', type: 'gauge', help: 'B.', unit: '', labels: [] }).add([], 6);
    expect(parseExposition(await text(exposition, 'openmetrics'), 'openmetrics').map((f) => [f.name, f.type])).toEqual([['a_total', 'unknown'], ['a', 'gauge']]);
  });

  it('shows the latest exemplar of a series; the text format none', async () => {
    const exposition = new Exposition();
    const series = exposition.family({ name: 'a_total', type: 'counter', help: 'A.', unit: '', labels: [] }).add([], 2);
    series?.exemplify({ labels: { finding_id: 'b' }, value: 1, at: 20 });
    series?.exemplify({ labels: { finding_id: 'a' }, value: 1, at: 10.5 });
    const [family] = parseExposition(await text(exposition, 'openmetrics'), 'openmetrics');
    expect(family?.samples[0]?.exemplar).toEqual({ labels: { finding_id: 'b' }, value: 1, at: 20 });
    expect(await text(exposition)).not.toContain('finding_id');
  });
});

it('refuses a family or a series that exists', () => {
  const exposition = new Exposition();
  const family = exposition.family(GAUGE);
  expect(() => exposition.family(GAUGE)).toThrow('a_gauge is registered twice');
  expect(family.add(['a', 'b'])).not.toBeNull();
  expect(family.add(['a', 'b'])).toBeNull();
});
