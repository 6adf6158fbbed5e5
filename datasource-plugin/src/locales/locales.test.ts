import { readFileSync, writeFileSync } from 'node:fs';
import { globSync } from 'glob';
import { join } from 'node:path';

const SRC = join(__dirname, '..');
const FILE = join(__dirname, 'en-US', 'remit-nhi-datasource.json');
type Texts = { [key: string]: string | Texts };

/** Every text of the code by its key, as the file of a language nests them. */
function collect(): Texts {
  const texts: Texts = {};
  for (const path of globSync('**/*.{ts,tsx}', { cwd: SRC, ignore: '**/*.test.*' }).sort()) {
    const code = readFileSync(join(SRC, path), 'utf8');
    for (const [, key, quoted] of code.matchAll(/\bt\(\s*'([a-z0-9.-]+)',\s*('(?:[^'\\]|\\.)*')/g)) {
      const text = JSON.parse(`"${quoted.slice(1, -1).replace(/\\'/g, "'").replace(/"/g, '\\"')}"`) as string;
      const parts = key.split('.');
      const last = parts.pop() ?? key;
      const place = parts.reduce<Texts>((at, part) => (at[part] ??= {}) as Texts, texts);
      expect([key, place[last] ?? text]).toEqual([key, text]);
      place[last] = text;
    }
  }
  return sorted(texts);
}

function sorted(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, text]) => [key, typeof text === 'string' ? text : sorted(text)]));
}

it('holds exactly the texts of the code (UPDATE_GOLDEN=1 writes it)', () => {
  const wanted = `${JSON.stringify(collect(), null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN === '1') {
    writeFileSync(FILE, wanted);
  }
  expect(readFileSync(FILE, 'utf8')).toBe(wanted);
});
