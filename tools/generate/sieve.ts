import { readFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

const FOLDER = 'exporter/src/lib/sieve';

/** The scanner of `lib/sieve` as WebAssembly, in a TypeScript file. The same source and compiler give the same bytes. */
export async function generated(root: string): Promise<Record<string, string>> {
  const source = readFileSync(`${root}/${FOLDER}/scan.as`, 'utf8');
  let wasm: Uint8Array | null = null;
  const { error, stderr } = await asc.main(
    ['scan.ts', '--outFile', 'scan.wasm', '--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd', '--initialMemory', '64', '--use', 'abort='],
    {
      readFile: (name) => (name === 'scan.ts' ? source : null),
      writeFile: (name, contents) => { if (name === 'scan.wasm') wasm = contents as Uint8Array; },
      listFiles: () => [],
    },
  );
  if (error || !wasm) throw new Error(`${FOLDER}/scan.as does not compile: ${stderr.toString()}`);
  const lines = Buffer.from(wasm).toString('base64').match(/.{1,120}/g)!.map((line) => `  + '${line}'`).join('\n');
  return { [`${FOLDER}/scan.generated.ts`]: `// Made from scan.as by \`npm run generate\`. Do not edit.\nexport const WASM = ''\n${lines};\n` };
}
