// `npm start`: installs only what the service needs, once, and serves the demo. Plain JavaScript for Node 20.
import { join } from 'node:path';
import { fail, findNode, FLAGS, run, TIED } from '../exporter/bin/node.mjs';
import { installService, root } from './install.mjs';

try {
  await installService();
  const args = [...FLAGS, join(root, 'exporter', 'src', 'main.ts'), 'serve', '--demo', ...process.argv.slice(2)];
  process.exitCode = await run(findNode(root), args, { cwd: root, ...TIED });
} catch (error) {
  fail(error);
}
