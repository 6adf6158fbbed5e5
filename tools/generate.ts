import { mkdirSync, readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Detector, Source } from '@remit/contract';
import { generated as dashboards } from '../dashboards/src/index.ts';
import { generated as jsonSchema } from '../exporter/src/inventory/json-schema.ts';
import { generated as forms } from './generate/forms.ts';
import { coverageDoc, detectorsDoc, registry, runbooksDoc, sourcesDoc } from './generate/docs.ts';
import { generated as metricsDocs } from './generate/metrics-docs.ts';
import { baseUrl, generated as rules } from './generate/rules.ts';
import { generated as sieve } from './generate/sieve.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Everything that Prometheus evaluates. */
export const RULE_FILES = ['rules/remit.rules.yml', 'rules/pipeline.rules.yml', 'rules/dashboards.rules.yml'];

/** Every generated file of the repository by its path, made from the folders of sources and detectors and the contract. */
export async function generated(): Promise<Map<string, string>> {
  const sources = await scan<Source>('sources', 'source');
  const detectors = await scan<Detector>('detectors', 'detector');
  const files = new Map([
    ['exporter/src/registry.generated.ts', registry(sources.map(({ id }) => id), detectors.map(({ id }) => id))],
    ['docs/sources.md', sourcesDoc(sources)],
    ['docs/detectors.md', detectorsDoc(detectors)],
    ['docs/coverage.md', coverageDoc(sources, detectors)],
    ['docs/runbooks/README.md', runbooksDoc(detectors, readFileSync(join(root, 'rules/pipeline.rules.yml'), 'utf8'))],
  ]);
  const byRule = rules(detectors);
  const ruleFiles = RULE_FILES.map((path) => byRule[path] ?? readFileSync(join(root, path), 'utf8'));
  for (const more of [byRule, forms(ruleFiles), dashboards(baseUrl()), metricsDocs(), jsonSchema(), await sieve(root)]) {
    for (const [path, text] of Object.entries(more)) files.set(path, text);
  }
  return files;
}

/** Paths whose content is not what would be generated now. */
export function stale(files: ReadonlyMap<string, string>): string[] {
  return [...files].filter(([path, text]) => {
    const file = join(root, path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== text;
  }).map(([path]) => path);
}

/** One folder each, in order of id; a folder whose file exports no part of that id stops the generation. */
async function scan<T extends { id: string }>(part: 'sources' | 'detectors', name: 'source' | 'detector'): Promise<T[]> {
  const folder = join(root, 'exporter/src', part);
  const found: T[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(folder, entry.name, `${name}.ts`);
    if (!existsSync(file)) throw new Error(`exporter/src/${part}/${entry.name} has no ${name}.ts: every folder there is one ${name}`);
    const value = ((await import(pathToFileURL(file).href)) as Record<string, T | undefined>)[name];
    if (value?.id !== entry.name) throw new Error(`${file} must export \`${name}\` with the folder's name as its id: ${entry.name}`);
    found.push(value);
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = await generated();
  const changed = stale(files);
  if (process.argv.includes('--check')) {
    for (const path of changed) console.log(`${path} is stale: run npm run generate`);
    process.exitCode = changed.length === 0 ? 0 : 1;
  } else {
    for (const path of changed) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), files.get(path) ?? '');
      console.log(`wrote ${path}`);
    }
    console.log(`${files.size} generated files, ${changed.length} written`);
  }
}
