import { Linter } from 'eslint';
import { expect, test } from 'vitest';

const load = (path: string): Promise<unknown> => import(new URL(path, import.meta.url).href);
const { default: config } = (await load('../eslint.config.js')) as { default: Linter.Config[] };
const { forbidden } = (await load('./star-rule.js')) as { forbidden(from: string, to: string): string | null };

test.each([
  ['exporter/src/pipeline/judge.ts', 'exporter/src/pipeline/hours.ts', true],
  ['exporter/src/pipeline/judge.ts', 'exporter/src/lib/hash.ts', true],
  ['exporter/src/pipeline/judge.ts', 'exporter/src/inventory/load.ts', false],
  ['exporter/src/pipeline/judge.ts', 'exporter/src/app.ts', false],
  ['exporter/src/lib/hash.ts', 'exporter/src/pipeline/judge.ts', false],
  ['exporter/src/detectors/volume/detector.ts', 'exporter/src/detectors/phrases.ts', true],
  ['exporter/src/detectors/volume/detector.ts', 'exporter/src/detectors/shadow-identity/detector.ts', false],
  ['exporter/src/detectors/volume/detector.ts', 'contract/src/parts.ts', false],
  ['exporter/src/detectors/volume/detector.ts', 'tools/generate.ts', false],
  ['exporter/src/sources/k8s-audit/source.ts', 'exporter/src/sources/aws-cloudtrail/principal.ts', false],
  ['exporter/src/app.ts', 'exporter/src/pipeline/judge.ts', true],
  ['exporter/src/commands/serve.ts', 'exporter/src/app.ts', true],
  ['contract/src/event.ts', 'contract/src/words.ts', true],
  ['contract/src/event.ts', 'exporter/src/lib/hash.ts', false],
])('%s → %s: %s', (from, to, allowed) => {
  expect(forbidden(from, to) === null).toBe(allowed);
});

test.each([
  ["import { loadInventory } from '../inventory/load.ts';\nexport const a = loadInventory;", 'remit/star'],
  ["import type { Problem } from '../inventory/load.ts';\nexport type A = Problem;", 'remit/star'],
  ["export * from '../inventory/load.ts';", 'remit/star'],
  ["export const load = async () => import('../inventory/load.ts');", 'remit/star'],
  ["export type A = import('../inventory/load.ts').LoadResult;", 'remit/star'],
  ["export { sources } from '../registry.generated.ts';", 'remit/star'],
  ['export const now = Date.now();', 'no-restricted-syntax'],
  ['export const now = new Date();', 'no-restricted-syntax'],
  ['export const luck = Math.random();', 'no-restricted-syntax'],
  ["import { hash } from '../lib/hash.ts';\nexport const b = hash;", null],
])('the configuration judges %j in a pure part: %s', (code, rule) => {
  expect(lint(code, 'exporter/src/pipeline/probe.ts')).toEqual(rule === null ? [] : [rule]);
});

test('tests and commands may cross', () => {
  const code = "import { loadInventory } from '../inventory/load.ts';\nexport const a = loadInventory;";
  expect(lint(code, 'exporter/src/pipeline/probe.test.ts')).toEqual([]);
  expect(lint(code, 'exporter/src/commands/probe.ts')).toEqual([]);
});

/** Rules that the repository's configuration finds broken, those that need types left out: the file does not exist. */
function lint(code: string, filename: string): (string | null)[] {
  const untyped = config.map((one) => ({
    ...one, rules: Object.fromEntries(Object.entries(one.rules ?? {}).filter(([name]) => !TYPED.includes(name))),
    ...(one.languageOptions === undefined ? {} : {
      languageOptions: { ...one.languageOptions, parserOptions: { projectService: false, program: null, project: false } },
    }),
  }));
  const linter = new Linter({ configType: 'flat', cwd: new URL('..', import.meta.url).pathname });
  return linter.verify(code, untyped, { filename }).map(({ ruleId }) => ruleId);
}

const TYPED = ['no-floating-promises', 'no-misused-promises', 'await-thenable'].map((name) => `@typescript-eslint/${name}`);
