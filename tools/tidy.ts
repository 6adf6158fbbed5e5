import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One habit that a file breaks. `line` is 0 for the file as a whole. */
export interface Untidy { path: string; line: number; message: string }

const LINES = 350;
const TEST_LINES = 600;

/** Checks the habits of the repository on every file that Git knows or would add; empty when all is well. */
export function tidy(root: string): Untidy[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  const paths = [...new Set(listed.split('\0'))].filter((path) => path !== '' && existsSync(join(root, path)) && statSync(join(root, path)).isFile()).sort();
  const found: Untidy[] = [...folders(paths)];
  for (const path of paths) {
    const text = readFileSync(join(root, path)).toString('utf8');
    if (text.includes('\0') || path === 'LICENSE') continue;
    found.push(...inspect(path, text, (target) => existsSync(join(root, target))));
  }
  return found;
}

/** The habits that concern one file. `exists` answers for paths relative to the repository. */
export function inspect(path: string, text: string, exists: (path: string) => boolean): Untidy[] {
  const lines = text.split('\n');
  const found: Untidy[] = [];
  const say = (line: number, message: string): void => { found.push({ path, line, message }); };
  // Recorded data, the lock file and generated tables are not written by hand.
  const written = !/(^|\/)cases\/|^exporter\/demo\/|package-lock\.json$|\.generated\.ts$|^rules\/|\.jsonl?$/.test(path);
  if (/\.(ts|mjs)$/.test(path) && written && !/-table\.ts$/.test(path)) {
    const most = /\.test\.ts$/.test(path) ? TEST_LINES : LINES;
    if (lines.length > most) say(0, `${lines.length} lines; more than ${most} are hard to hold in mind: split it`);
  }
  for (const [index, line] of lines.entries()) {
    for (const [pattern, message, where] of PATTERNS) if (where.test(path) && pattern.test(line)) say(index + 1, message);
    if (path.endsWith('.md')) for (const target of links(line)) {
      const file = join(dirname(path), decodeURIComponent(target));
      if (!exists(file)) say(index + 1, `link to ${target}, which does not exist`);
    }
  }
  if (written && text !== '' && !text.endsWith('\n')) say(lines.length, 'no newline at the end');
  return found;
}

const ANY = /^/;
// The patterns are put together so that this file does not match itself.
const PATTERNS: readonly [RegExp, string, RegExp][] = [
  [new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|${'X'.repeat(3)})\\b`), 'an open end: do it or write an issue', /\.(ts|mjs|js|md|yml|yaml)$/],
  [new RegExp(`\\bconsole\\.${'log'}\\(`), 'use the log or the command\'s output', /^(contract|exporter)\/src\/.*(?<!\.test)\.ts$/],
  [new RegExp(`\\b(it|test|describe)\\.${'only'}\\(`), 'only a part of the tests would run', /\.test\.ts$/],
  [/(?:^|[^A-Za-z0-9_.])\/(?:home|Users)\/[a-z]/, 'a path of one machine', ANY],
  [new RegExp(`registry\\.${'npmjs'}\\.org|"resolved": "https?:`), 'a registry belongs to the configuration of a machine', /package-lock\.json$|\.npmrc$|\.(ts|mjs|yml|yaml|md)$/],
];

/** Relative links of a line of Markdown, without their anchors. */
function links(line: string): string[] {
  return [...line.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
    .filter((target) => !/^([a-z]+:|#|\/)/i.test(target)).map((target) => target.replace(/[#?].*$/, ''));
}

/** Every source and detector is one folder with its hand-written files. */
function folders(paths: readonly string[]): Untidy[] {
  const found: Untidy[] = [];
  const wanted = { detectors: ['detector.ts', 'cases.yml', 'README.md'], sources: ['source.ts', 'README.md', 'cases/'] };
  for (const [part, files] of Object.entries(wanted)) {
    const prefix = `exporter/src/${part}/`;
    const ids = new Set(paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length).split('/')).filter((rest) => rest.length > 1).map(([id]) => id));
    for (const id of ids) for (const file of files) {
      if (!paths.some((path) => path === `${prefix}${id}/${file}` || (file.endsWith('/') && path.startsWith(`${prefix}${id}/${file}`)))) {
        found.push({ path: `${prefix}${id}`, line: 0, message: `has no ${file}` });
      }
    }
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = tidy(fileURLToPath(new URL('..', import.meta.url)));
  for (const { path, line, message } of found) console.log(`${path}${line > 0 ? `:${line}` : ''} ${message}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
