import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { foldOf, readCatalogue, readRuns } from './read.ts';

let folder = '';
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'remit-evaluate-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

const call = { tool: 'send_money', args: { recipient: 'X' }, ok: true };
const run = { suite: 'banking', pipeline: 'model-1-tool_filter', user_task: 'user_task_1', injection_task: null, attack: null, security: null, error: false, calls: [call] };
const attacked = { ...run, attack: 'direct', injection_task: 'injection_task_1' };

it.each<[string, object, object]>([
  ['benign', run, { negative: 1 }], ['hijacked', { ...attacked, security: true }, { positive: 1 }], ['resisted', { ...attacked, security: false }, { resisted: 1 }],
  ['errored', { ...run, error: true }, { errored: 1 }], ['without calls', { ...run, calls: [] }, { withoutCalls: 1 }],
  ['a goal given openly', { ...run, user_task: 'injection_task_1', security: true }, { goalGivenOpenly: 1 }],
  ['denial of service', { ...attacked, attack: 'dos', security: true }, { deniedService: 1 }],
  ['denial of service by another name', { ...attacked, attack: 'captcha_dos', security: true }, { deniedService: 1 }],
  ['an attack of unknown outcome', { ...attacked, security: null }, { undecided: 1 }],
])('counts %s', (_name, line, expected) => {
  const { runs, counts } = readRuns(file([line]), () => true);
  expect(counts).toMatchObject({ read: 1, ...expected });
  expect(Object.values(counts).reduce((a, b) => a + b)).toBe(2);
  expect(runs).toHaveLength('negative' in expected || 'positive' in expected || 'resisted' in expected ? 1 : 0);
});

it('reads what is needed of a run, gzipped too', () => {
  const path = join(folder, 'runs.gz');
  writeFileSync(path, gzipSync(`${JSON.stringify({ ...attacked, suite: 'travel', injection_task: 'injection_task_6', security: true })}\n`));
  expect(readRuns(path, (tool) => tool !== 'send_money').runs).toEqual([{
    id: `${path}:1`, suite: 'travel', task: 'travel/user_task_1', fold: 'model-1', class: 'positive', detectable: false,
    calls: [{ tool: 'send_money', writes: false, ok: true, arguments: [{ path: 'recipient', value: 'x' }] }],
  }]);
});

it.each<[string, string]>([['{', 'JSON'], ['null', 'suite'], ['{"suite":"a","pipeline":"b","user_task":"c","calls":[{}]}', 'calls'], ['[]', 'suite']])('says where a line is no run: %s', (line, message) => {
  const path = join(folder, 'broken.jsonl');
  writeFileSync(path, `${JSON.stringify(run)}\n${line}\n`);
  expect(() => readRuns(path, () => true)).toThrow(new RegExp(`broken\\.jsonl:2: .*${message}`));
});

it.each([
  ['Meta-SecAlign-70B-repeat_user_prompt', 'Meta-SecAlign-70B'], ['gpt-4o-mini-transformers_pi_detector', 'gpt-4o-mini'],
  ['a-tool_filter', 'a'], ['a-spotlighting_with_delimiting', 'a'], ['a-tool_filter-b', 'a-tool_filter-b'],
])('the fold of %s is %s', (pipeline, fold) => {
  expect(foldOf(pipeline)).toBe(fold);
});

it('knows from the catalogue which tools change something; an unknown one does', () => {
  const writes = readCatalogue(fileURLToPath(new URL('catalogue.yml', import.meta.url)));
  expect(['get_balance', 'send_money', 'search_emails', 'get_rich_quick'].map(writes)).toEqual([false, true, false, true]);
  const broken = join(folder, 'broken.yml');
  writeFileSync(broken, 'tool_catalogue:\n  - { name: a, categorie: b }\n');
  expect(() => readCatalogue(broken)).toThrow(/broken\.yml:2:16 .*categorie/);
});

function file(lines: readonly object[]): string {
  const path = join(folder, 'runs.jsonl');
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}
