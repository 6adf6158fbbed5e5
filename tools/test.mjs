// `npm test`: installs what is missing, runs the checks and every test, and ends with `N passed, N failed`.
// With arguments it runs only the tests whose path matches, without the checks: `npm test -- detectors`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fail, findNode, run } from '../exporter/bin/node.mjs';
import { installEverything, root } from './install.mjs';

try {
  await installEverything();
  const node = findNode(root);
  const folder = mkdtempSync(join(tmpdir(), 'remit-test-'));
  try {
    process.exitCode = await test(node, folder, process.argv.slice(2));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} catch (error) {
  fail(error);
}

async function test(node, folder, only) {
  // Everything started from here finds the same Node first.
  const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}` };
  const total = { passed: 0, failed: 0 };
  if (only.length === 0) {
    const report = join(folder, 'check.json');
    const code = await run(node, [join(root, 'tools', 'check.ts'), '--report', report], { cwd: root, env });
    add(total, code, read(report) ?? { passed: 0, failed: 0 });
  }
  const report = join(folder, 'vitest.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const code = await run(node, [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...only], { cwd: root, env });
  add(total, code, tally(read(report)));
  if (only.length === 0) {
    add(total, await plugin(node, folder, env), tally(read(join(folder, 'jest.json'))));
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** The Grafana plugin has tests of its own, under jest as create-plugin sets it up. Its production build is made and tried by e2e/plugin. */
function plugin(node, folder, env) {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  return run(node, [jest, '--ci', '--maxWorkers=2', '--json', `--outputFile=${join(folder, 'jest.json')}`, '--silent'], { cwd: join(root, 'datasource-plugin'), env });
}

/** A run that failed without a failed test (a file that does not load, an error outside tests) counts as one failure. */
function add(total, code, { passed, failed }) {
  total.passed += passed;
  total.failed += code !== 0 && failed === 0 ? 1 : failed;
}

/** Skipped tests are failures: what is not run is not known. So is a run without tests. */
function tally(report) {
  if (report === undefined || report.numTotalTests === 0) return { passed: 0, failed: 1 };
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) process.stdout.write(`${skipped} tests were skipped, which counts as failed\n`);
  const unloaded = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length;
  return { passed: report.numPassedTests, failed: report.numFailedTests + skipped + unloaded };
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
