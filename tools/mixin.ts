import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generated as dashboards } from '../dashboards/src/index.ts';
import { generated, RULE_FILES } from './generate.ts';
import { mixin } from './generate/forms.ts';
import { baseUrl } from './generate/rules.ts';

const HELP = `npm run mixin -- FOLDER [--base-url URL]

Writes rules and dashboards in the shape of a monitoring mixin: prometheus_alerts.yaml, prometheus_rules.yaml and dashboards_out/*.json.
  --base-url URL   where this Remit answers; the links of alerts and dashboards lead there (http://127.0.0.1:9847)
`;

/** Writes the mixin into `folder` and returns the paths within it. */
export async function writeMixin(folder: string): Promise<string[]> {
  const files = await generated();
  const root = fileURLToPath(new URL('..', import.meta.url));
  const rules = mixin(RULE_FILES.map((path) => files.get(path) ?? readFileSync(join(root, path), 'utf8')));
  const all = { ...rules, ...Object.fromEntries(Object.entries(dashboards(baseUrl())).map(([path, text]) => [path.replace('dashboards/out/', 'dashboards_out/'), text])) };
  mkdirSync(join(folder, 'dashboards_out'), { recursive: true });
  for (const [path, text] of Object.entries(all)) writeFileSync(join(folder, path), text);
  return Object.keys(all);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { positionals: [folder], values } = parseArgs({ allowPositionals: true, options: { 'base-url': { type: 'string' }, help: { type: 'boolean' } } });
    if (folder === undefined || values.help === true) {
      process.stderr.write(HELP);
      process.exitCode = values.help === true ? 0 : 2;
    } else console.log((await writeMixin(folder)).map((path) => join(folder, path)).join('\n'));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
