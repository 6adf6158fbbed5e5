// `node tools/bootstrap.mjs FILE.ts [ARGUMENTS]`: makes sure that everything is installed and runs the file with Node 24.
import { join } from 'node:path';
import { fail, findNode, run } from '../exporter/bin/node.mjs';
import { installEverything, root } from './install.mjs';

try {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) throw new Error('node tools/bootstrap.mjs FILE.ts [ARGUMENTS]');
  await installEverything();
  process.exitCode = await run(findNode(root), [join(root, file), ...args], { cwd: root });
} catch (error) {
  fail(error);
}
