import { METRICS } from '@remit/contract';
import { detectorsById, detectors, readInventory, sourcesOf } from '../app.ts';
import { loadConfig } from '../config.ts';
import { loadInventory } from '../inventory/load.ts';
import { loadWebConfig } from '../lib/web-config.ts';
import { EXIT, printProblems } from './output.ts';

export interface CheckOptions { configFile?: string; inventoryPath?: string; webConfigFile?: string }

/** `remit check-config`: reads everything `serve` would read and says what is wrong, by file, line and column. Starts nothing. */
export async function checkConfig(options: CheckOptions): Promise<void> {
  const { config, problems } = loadConfig(options.configFile);
  const found = [...problems];
  if (options.webConfigFile !== undefined) found.push(...loadWebConfig(options.webConfigFile).problems);
  const read = await readInventory(options.inventoryPath);
  const { inventory, problems: inInventory } = loadInventory(read.files, { importedAt: Date.now(), detectors: new Set(detectorsById.keys()) });
  found.push(...read.problems, ...inInventory);
  printProblems(found);
  if (found.some((p) => p.severity === 'error')) {
    process.exitCode = EXIT.usage;
    return;
  }
  const size = {
    identities: inventory?.records().length ?? 0, owners: inventory?.owners().length ?? 0, detectors: detectors.length,
    sources: sourcesOf(config).length, exceptions: inventory?.exceptions().length ?? 0,
  };
  const series = METRICS.reduce((sum, m) => sum + m.most(size), 0);
  process.stdout.write([
    `ok: ${size.identities} identities of ${size.owners} owners, ${size.exceptions} exceptions, in ${Object.keys(read.files).length} files`,
    `at most ${series} series on /metrics; the cap is ${config.metrics.series_limit}${series > config.metrics.series_limit ? ': the least critical identities share one overflow series' : ''}`, '',
  ].join('\n'));
}
