import type { ApprovedArgument, IdentityRecord } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import { normal } from '../lib/tool-arguments.ts';
import { compileToolPatterns } from './tools.ts';

/** Compiles `arguments[]` of a record or a purpose. */
export function compileArguments(entries: NonNullable<IdentityRecord['arguments']>): readonly ApprovedArgument[] {
  return entries.map(({ tool, path, values }) => {
    const tools = compileToolPatterns([tool]);
    const paths = new GlobSet([path], { ignoreCase: true });
    return { fits: (call, name) => tools(call) && paths.test(name), values: values.map(normal), closed: /[^*?]/.test(path) };
  });
}
