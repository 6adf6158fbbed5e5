import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Source } from '@remit/contract';
import { nhiEventSchema, RejectedRecord } from '@remit/contract';
import { describe, expect, test } from 'vitest';

/**
 * What every source must do, tried on the records of its `cases` folder: `NAME.json` (an array) or `NAME.jsonl`. Where
 * `NAME.golden.json` stands beside an array, it holds the events; `UPDATE_GOLDEN=1` writes it.
 */
const here = new URL('.', import.meta.url);
const ids = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
const sources = new Map<string, Source>();
for (const id of ids) sources.set(id, ((await import(`./${id}/source.ts`)) as { source: Source }).source);
const context = { feed: 'test', cluster: 'test', receivedAt: Date.parse('2026-11-22T12:00:00Z') };

describe.each(ids)('%s', (id) => {
  const source = sources.get(id) as Source;
  const cases = new URL(`${id}/cases/`, here);
  const files = readdirSync(cases).filter((name) => /\.jsonl?$/.test(name) && !name.includes('.golden.'));
  const exact = files.filter((name) => name.endsWith('.json') && existsSync(new URL(golden(name), cases)));
  // Envelopes are taken off before a source sees a record; what is still in one is for the tests of the way in.
  const plain = files.flatMap((name) => records(new URL(name, cases))).filter((record) => source.recognises(record));

  test('is described, and has records of its own', () => {
    expect(source.id).toBe(id);
    expect(source.fills).toContain('principal');
    for (const span of [source.lateness, source.maxSilence, source.timeResolution]) expect(span).toBeGreaterThan(0);
    expect(plain.length).toBeGreaterThan(0);
  });

  test('its records are events by the schema, and no other source claims them', () => {
    for (const record of plain) {
      expect(ids.filter((other) => sources.get(other)?.recognises(record))).toEqual([id]);
      for (const event of attempt(source, record)) {
        expect(nhiEventSchema.parse(event)).toEqual(event);
        expect(event.metadata.source).toBe(id);
      }
    }
  });

  if (exact.length > 0) test.each(exact)('%s gives its golden', (name) => {
    const events = records(new URL(name, cases)).flatMap((record) => source.normalise(record, context));
    const file = new URL(golden(name), cases);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, `${JSON.stringify(events, null, 1)}\n`);
    expect(JSON.parse(JSON.stringify(events))).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });

  test('any field of a wrong type gives an event by the schema, or a refusal with a reason', () => {
    const wrong = [null, 0, -1, 1e300, true, '', '\u0000', [], {}, [[]], JSON.parse('{"__proto__": {"a": 1}}') as unknown];
    for (const record of plain.slice(0, 5)) {
      for (const key of Object.keys(record as object)) for (const value of wrong) {
        for (const event of attempt(source, { ...(record as object), [key]: value })) nhiEventSchema.parse(event);
      }
    }
    for (const value of wrong) attempt(source, value);
  });
});

function attempt(source: Source, record: unknown): ReturnType<Source['normalise']> {
  source.recognises(record);
  try {
    return source.normalise(record, context);
  } catch (error) {
    if (!(error instanceof RejectedRecord)) throw error;
    return [];
  }
}

function golden(name: string): string { return name.replace(/\.json$/, '.golden.json'); }

function records(file: URL): unknown[] {
  const text = readFileSync(file, 'utf8');
  if (file.pathname.endsWith('.jsonl')) return text.split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown);
  const parsed: unknown = JSON.parse(text);
  return Array.isArray(parsed) ? parsed : [parsed];
}
