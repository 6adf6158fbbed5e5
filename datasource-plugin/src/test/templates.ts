import type { ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';

/** Grafana's templates as far as queries meet them: `$name`, `${name:format}`, `[[name]]`, several values, All, and a function as format. */
export function templates(variables: Record<string, string | string[]>): TemplateSrv {
  const replace = (text = '', scoped?: ScopedVars, format?: unknown): string =>
    text.replace(/\$(\w+)|\[\[(\w+)\]\]|\$\{(\w+)(?:\.[^:}]+)?(?::([^}]+))?\}/g, (match: string, plain?: string, old?: string, braced?: string, own?: string) => {
      const name = plain ?? old ?? braced ?? '';
      const scopedValue: unknown = scoped?.[name]?.value;
      const held = scopedValue ?? (Object.hasOwn(variables, name) ? variables[name] : undefined);
      if (held === undefined) {
        return match;
      }
      const value = Array.isArray(held) && held.includes('$__all') ? ['first', 'second'] : held;
      if (own === undefined && typeof format === 'function') {
        return String(format(value, {}, () => ''));
      }
      return Array.isArray(value) ? (own === 'raw' ? value.join(',') : `{${value.join(',')}}`) : String(value);
    });
  const list = Object.entries(variables).map(([name, value]) => ({ name, current: { value } }));
  return { replace, getVariables: () => list, containsTemplate: () => false, updateTimeRange: () => undefined } as unknown as TemplateSrv;
}
