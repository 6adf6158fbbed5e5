import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules', name);
/** What lint found of a file holds only under these: another of them is another cache. */
const RULES = createHash('sha256').update(['tsconfig.json', 'eslint.config.js', 'package-lock.json'].map((name) => readFileSync(join(root, name), 'utf8')).join('\0')).digest('hex').slice(0, 12);

/** What `npm run check` does, each a program that says nothing and ends with 0 when all is well. */
const STEPS: readonly { name: string; args: readonly string[]; cwd?: string }[] = [
  { name: 'types', args: [bin('typescript/bin/tsc'), '-p', '.', '--noEmit', '--incremental', '--tsBuildInfoFile', '.cache/types.json'] },
  { name: 'lint', args: [bin('eslint/bin/eslint.js'), '.', '--max-warnings=0', '--cache', `--cache-location=.cache/eslint-${RULES}.json`] },
  { name: 'drift', args: [join(root, 'tools/generate.ts'), '--check'] },
  { name: 'expressions', args: [join(root, 'tools/generate/check-expressions.ts')] },
  { name: 'tidy', args: [join(root, 'tools/tidy.ts')] },
  { name: 'grafana rules', args: [join(root, 'tools/grafana/rules.ts')] },
  { name: 'plugin types', args: [bin('typescript/bin/tsc'), '-p', '.', '--noEmit', '--incremental', '--tsBuildInfoFile', '../.cache/plugin-types.json'], cwd: 'datasource-plugin' },
  { name: 'plugin lint', args: [bin('eslint/bin/eslint.js'), '.', '--max-warnings=0', '--cache', `--cache-location=../.cache/plugin-eslint-${RULES}.json`], cwd: 'datasource-plugin' },
];

// All at once: types and lint take a processor each, the others wait on them for nothing.
const results = await Promise.all(STEPS.map(async (step) => ({ ...step, ...await execute(step.args, step.cwd) })));
for (const { name, ok, seconds, output } of results) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} ${seconds.toFixed(1)} s`);
  if (!ok) console.log(output.trimEnd());
}
const failed = results.filter(({ ok }) => !ok).length;
const report = process.argv.indexOf('--report');
const path = process.argv[report + 1];
if (report > 0 && path !== undefined) writeFileSync(path, JSON.stringify({ passed: results.length - failed, failed }));
process.exitCode = failed === 0 ? 0 : 1;

function execute(args: readonly string[], cwd = '.'): Promise<{ ok: boolean; seconds: number; output: string }> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { cwd: join(root, cwd), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => { output += text.toString(); });
  return new Promise((resolve) => {
    const end = (ok: boolean): void => resolve({ ok, seconds: (performance.now() - started) / 1000, output });
    child.once('error', (error) => { output += error.message; end(false); });
    child.once('close', (code) => end(code === 0));
  });
}
