import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { detectorFiles } from './new/detector.ts';
import { sourceFiles } from './new/source.ts';

const KINDS = {
  detector: { folder: 'exporter/src/detectors', files: detectorFiles },
  source: { folder: 'exporter/src/sources', files: sourceFiles },
} as const;

/**
 * Writes the hand-written files of a new source or detector below `root`, a small example that works and passes its own
 * cases, and returns their paths. Throws when the id is not kebab-case or the folder exists.
 */
export function create(kind: string, id: string, root: string): string[] {
  if (kind !== 'source' && kind !== 'detector') throw new Error('npm run new -- source|detector ID');
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 40) {
    throw new Error(`${JSON.stringify(id)} is no id: lower-case words joined by dashes, at most 40 characters, for example okta-system-log`);
  }
  const { folder, files } = KINDS[kind];
  const target = join(folder, id);
  if (existsSync(join(root, target))) throw new Error(`${target} exists`);
  return Object.entries(files(id)).map(([name, text]) => {
    const path = join(target, name);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    return path;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const [kind = '', id = ''] = process.argv.slice(2);
    for (const path of create(kind, id, fileURLToPath(new URL('..', import.meta.url)))) console.log(`wrote ${path}`);
    console.log('It works as it is: npm run generate && npm test. Then make it yours, cases first.');
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
