import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RULE_FILES } from './generate.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const VERSION = 'v0.316.0';
const CACHE = join(root, '.cache/prometheus3', VERSION);
const promtool = join(CACHE, 'promtool');

/**
 * `npm run prometheus3`: the rules and their tests with the promtool of Prometheus 3.16, which Debian does not have. It is built from the Go module
 * proxy into `.cache` with the `go` on the PATH (ten minutes on two cores, once), without service discovery, which no rule needs.
 */
function main(): number {
  if (!existsSync(promtool)) {
    mkdirSync(CACHE, { recursive: true });
    process.stderr.write(`building promtool ${VERSION} … this takes minutes, once\n`);
    const built = spawnSync('go', ['install', '-tags', 'remove_all_sd', `github.com/prometheus/prometheus/cmd/promtool@${VERSION}`], { cwd: CACHE, env: { ...process.env, GOBIN: CACHE, GOFLAGS: '' }, stdio: ['ignore', 'ignore', 'inherit'] });
    if (built.error || built.status !== 0) {
      process.stderr.write('promtool cannot be built: Go 1.24 or later and its module proxy are needed\n');
      return 2;
    }
  }
  const tests = readdirSync(join(root, 'rules/tests')).filter((name) => name.endsWith('.yml')).map((name) => join('rules/tests', name));
  for (const args of [['--version'], ['check', 'rules', ...RULE_FILES], ['test', 'rules', ...tests]]) {
    const ran = spawnSync(promtool, args, { cwd: root, stdio: 'inherit' });
    if (ran.status !== 0) return 1;
  }
  return 0;
}

process.exitCode = main();
