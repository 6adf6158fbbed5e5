import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../exporter/bin/node.mjs';

/** `npm run dev`: generates what is stale, then serves the demo and starts again whenever a file it uses changes. */
const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync(process.execPath, [join(root, 'tools/generate.ts')], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
const args = process.argv.slice(2);
process.exitCode = await run(process.execPath, [
  '--watch', '--watch-preserve-output', join(root, 'exporter/src/main.ts'), 'serve', ...(args.length > 0 ? args : ['--demo']),
], { cwd: root });
