// Packs dist/ as Grafana takes plugins: a zip with one folder that is named like the plugin. Signing is left to whoever publishes it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32, deflateRawSync } from 'node:zlib';

/** Writes the zip of a built plugin and gives its path and the names in it. Throws an error that lists what is wrong with the layout. */
export function packPlugin(dist, out) {
  const plugin = JSON.parse(readFileSync(join(dist, 'plugin.json'), 'utf8'));
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1).replaceAll('\\', '/')).sort();
  const problems = problemsOf(plugin, files, (name) => readFileSync(join(dist, name), 'utf8'));
  if (problems.length > 0) {
    throw new Error(`this is no plugin that Grafana would take:\n${problems.join('\n')}`);
  }
  const path = join(out, `${plugin.id}-${plugin.info.version}.zip`);
  const names = files.map((name) => `${plugin.id}/${name}`);
  writeFileSync(path, zip(files.map((name, index) => ({ name: names[index], data: readFileSync(join(dist, name)) }))));
  return { path, names };
}

/** What the plugin validator would find wrong with the files of a plugin, apart from a signature. */
export function problemsOf(plugin, files, read) {
  const needed = [
    'plugin.json', 'module.js', 'README.md', 'CHANGELOG.md', 'LICENSE', plugin.info.logos.small, plugin.info.logos.large, ...plugin.info.screenshots.map(({ path }) => path),
    ...plugin.includes.filter(({ path }) => path).map(({ path }) => path), ...plugin.languages.map((language) => `locales/${language}/${plugin.id}.json`),
  ];
  return [
    ...[...new Set(needed)].filter((name) => !files.includes(name)).map((name) => `${name} is missing`),
    ...files.filter((name) => /(^|\/)\.|node_modules|\.tsx?$|\.(exe|sh|zip)$/.test(name)).map((name) => `${name} does not belong into a plugin`),
    ...(/^\d+\.\d+\.\d+$/.test(plugin.info.version) ? [] : [`the version is ${plugin.info.version}`]),
    ...(/^\d{4}-\d\d-\d\d$/.test(plugin.info.updated) ? [] : [`the day of the update is ${plugin.info.updated}`]),
    ...(files.includes('CHANGELOG.md') && !read('CHANGELOG.md').includes(`## ${plugin.info.version}`) ? [`CHANGELOG.md says nothing of ${plugin.info.version}`] : []),
    ...(files.includes('README.md') && /\]\((?!https?:|#)[^)]+\)|<img|<script/i.test(read('README.md')) ? ['README.md has links that lead nowhere outside the repository'] : []),
    ...(files.includes('module.js') && !/\bdefine\(/.test(read('module.js').slice(0, 1000)) ? ['module.js is no AMD module'] : []),
  ];
}

function zip(entries) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, data } of entries) {
    const packed = deflateRawSync(data, { level: 9 });
    const label = Buffer.from(name);
    // Needs 2.0, names in UTF-8, deflated, of 1980-01-01: the same files make the same zip.
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(0x0800, 2);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(0x00210000, 6);
    head.writeUInt32LE(crc32(data), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(data.length, 18);
    head.writeUInt16LE(label.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(0o100644 * 0x10000, 6);
    place.writeUInt32LE(at, 10);
    directory.push(Buffer.from([0x50, 0x4b, 1, 2, 20, 3]), head, place, label);
    const local = [Buffer.from([0x50, 0x4b, 3, 4]), head, label, packed];
    parts.push(...local);
    at += local.reduce((sum, { length }) => sum + length, 0);
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, listed, end]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { path, names } = packPlugin(join(import.meta.dirname, '../dist'), process.argv[2] ?? process.cwd());
  console.log(`${path}: ${names.length} files`);
}
