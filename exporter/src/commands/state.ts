import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openCore } from '../app.ts';
import { loadConfig } from '../config.ts';
import { dump } from '../pipeline/digest.ts';
import { fail, UsageError } from './output.ts';

export interface StateOptions { storagePath: string; configFile?: string; dump?: boolean }

/** `remit state digest`: one hex digest of everything the storage holds; with `--dump`, the lines it is made of. */
export async function stateDigest(options: StateOptions): Promise<void> {
  if (!existsSync(join(options.storagePath, 'journal.db'))) {
    throw new UsageError(`${options.storagePath}: no storage of remit`, 'name the folder that `serve` or `replay` was given as --storage.path');
  }
  const { config, problems } = loadConfig(options.configFile);
  if (problems.length > 0) return fail(problems);
  const core = await openCore({ storage: options.storagePath, config });
  try {
    const digest = await core.engine.digest();
    if (options.dump) for await (const line of dump(core.engine.processor, core.store)) process.stdout.write(`${line}\n`);
    else process.stdout.write(`${digest}\n`);
  } finally {
    await core.close();
  }
}
