#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { fail, findNode, FLAGS, run, TIED } from './node.mjs';

/** The `remit` command from a clone: finds Node 24 and hands everything to it. */
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
try {
  process.exitCode = await run(findNode(path('../..')), [...FLAGS, path('../src/main.ts'), ...process.argv.slice(2)], TIED);
} catch (error) {
  fail(error);
}
