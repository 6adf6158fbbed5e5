import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Detector, Source } from '@remit/contract';
import { afterAll, expect, test } from 'vitest';
import { coverageDoc, detectorsDoc, registry } from './generate/docs.ts';
import { generated, stale } from './generate.ts';
import { create } from './new.ts';

const folder = mkdtempSync(join(tmpdir(), 'remit-new-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what is committed is what would be generated, and a change is noticed', async () => {
  const files = await generated();
  expect(stale(files)).toEqual([]);
  const path = 'exporter/src/registry.generated.ts';
  expect(stale(new Map([[path, `${files.get(path)}// edited\n`]]))).toEqual([path]);
});

test('every detector and source is in the registry once', () => {
  const text = registry(['k8s-audit'], ['off-purpose-action', 'volume']);
  expect(text).toContain("import { detector as offPurposeActionDetector } from './detectors/off-purpose-action/detector.ts';");
  expect(text).toContain('readonly Source[] = [k8sAuditSource];');
  expect(text.match(/volumeDetector/g)).toHaveLength(2);
});

test('coverage names the parts of the event that a source does not fill', () => {
  const source = { id: 'quiet-source', fills: ['principal', 'action'] } as unknown as Source;
  const detector = { id: 'probe', needs: ['principal', 'network'], frameworks: [] } as unknown as Detector;
  const satisfied = { ...detector, id: 'satisfied', needs: ['action'] } as unknown as Detector;
  const text = coverageDoc([source], [detector, satisfied]);
  expect(text).toContain('| probe | network |');
  expect(text).toContain('| satisfied | yes |');
});

test('the index says when a detector pages', () => {
  const base = { title: 'x', frameworks: [], on: 'event' };
  const text = detectorsDoc([
    { ...base, id: 'a', class: 'remit', severity: 'critical', certain: true }, { ...base, id: 'b', class: 'remit', severity: 'critical', certain: false },
    { ...base, id: 'c', class: 'baseline', severity: 'critical', certain: false }, { ...base, id: 'd', class: 'state', severity: 'warning', certain: false },
  ] as unknown as Detector[]);
  const cells = text.split('\n').filter((line) => line.startsWith('| [')).map((line) => line.split(' | ')[4]);
  expect(cells).toEqual(['always', 'where the owner has `enforce: true`', 'above the calibrated threshold', 'never']);
});

test.each(['detector', 'source'])('a new %s has its files and nothing is overwritten', (kind) => {
  const written = create(kind, 'my-first', folder);
  expect(written).toEqual(expect.arrayContaining([expect.stringMatching(new RegExp(`${kind}\\.ts$`)), expect.stringMatching(/README\.md$/)]));
  expect(readFileSync(join(folder, written[0] ?? ''), 'utf8')).toContain("id: 'my-first'");
  expect(() => create(kind, 'my-first', folder)).toThrow('exists');
});

test.each([['detector', '../evil'], ['detector', 'Upper'], ['detector', ''], ['detector', '__proto__'], ['sink', 'fine']])('refuses %s %j', (kind, id) => {
  expect(() => create(kind, id, folder)).toThrow();
});

