import type { ApprovedArgument, IdentityRecord } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import { normal, REST } from '../lib/tool-arguments.ts';
import { compileToolPatterns } from './tools.ts';

/** Compiles `arguments[]` of a record or a purpose. */
export function compileArguments(entries: NonNullable<IdentityRecord['arguments']>): readonly ApprovedArgument[] {
  return entries.map(({ tool, path, values }) => {
    const tools = compileToolPatterns([tool]);
    const paths = new GlobSet([path], { ignoreCase: true });
    const closed = /[^*?]/.test(path);
    const within = `${path.toLowerCase()}.`;
    return {
      fits: (call, name) => tools(call) && paths.test(name), values: values.map(normal),
      closes: (call, name) => closed && tools(call) && (name === '' || name === REST || within.startsWith(`${name.toLowerCase()}.`) || above(name).some((each) => paths.test(each))),
    };
  });
}

/** A path and those around it: `a.b.c`, `a.b`, `a`. */
function above(path: string): string[] {
  const found = [path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) found.push(path.slice(0, dot));
  return found;
}
