import type { CatalogueEntry, IdentityRecord, ToolCall, ToolFacts } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import { lazily, memoised } from './memo.ts';
import type { MemoPool } from './memo.ts';

/** Categories of tools that change nothing. */
const READING: ReadonlySet<string> = new Set(['read', 'list', 'search']);
/** Category of a tool that nothing is known of: it counts as one that changes things. */
export const UNKNOWN_CATEGORY = 'write';

/**
 * A test for tool calls. Patterns ignore case. One without a slash is compared with the tool's name; one with a slash with server
 * and tool, each for itself, so that no server borrows the approval of another by what it calls itself or its tools. Where no
 * server is known the name alone is compared.
 */
export function compileToolPatterns(patterns: readonly string[]): (call: ToolCall) => boolean {
  const names = new GlobSet(patterns, { ignoreCase: true });
  const bare = new GlobSet(patterns.filter((pattern) => !pattern.includes('/')), { ignoreCase: true });
  const pairs = patterns.filter((pattern) => pattern.includes('/')).map((pattern) => {
    const slash = pattern.indexOf('/');
    return {
      server: new GlobSet([pattern.slice(0, slash)], { ignoreCase: true }), tool: new GlobSet([pattern.slice(slash + 1)], { ignoreCase: true }),
    };
  });
  return ({ name, server }) => {
    if (!isNamed(server)) return names.test(name);
    if (bare.test(name)) return true;
    for (const pair of pairs) if (pair.server.test(server) && pair.tool.test(name)) return true;
    return false;
  };
}

/** What the catalogue says of a call: the category of the first entry that fits, or null. */
export type Catalogue = (call: ToolCall) => { category: string; writes: boolean } | null;

/** Compiles `tool_catalogue`, in the order of files and entries. The first entry whose name, and server where given, fit counts. */
export function compileCatalogue(entries: readonly CatalogueEntry[], memos: MemoPool): Catalogue {
  if (entries.length === 0) return () => null;
  const find = lazily(() => indexed(entries));
  // The memo holds no null, so that "not in the catalogue" is remembered as well.
  const known = memoised(memos, (key) => {
    const entry = find(callOf(key));
    return { found: entry === null ? null : { category: entry.category, writes: entry.writes ?? !READING.has(entry.category) } };
  });
  return (call) => known(keyOf(call)).found;
}

/** Finds the first entry that fits; entries without wildcards by their name, the others one after the other. */
function indexed(entries: readonly CatalogueEntry[]): (call: ToolCall) => CatalogueEntry | null {
  const byName = new Map<string, number[]>();
  const byPattern: number[] = [];
  const fits = entries.map(({ name, server }, i) => {
    const key = name.toLowerCase();
    const named = byName.get(key);
    if (/[*?/]/.test(name)) byPattern.push(i);
    else if (named === undefined) byName.set(key, [i]);
    else named.push(i);
    return compileEntry(name, server);
  });
  return (call) => {
    const named = byName.get(call.name.toLowerCase())?.find((i) => fits[i]!(call)) ?? Infinity;
    const first = byPattern.find((i) => i > named || fits[i]!(call)) ?? Infinity;
    return entries[Math.min(named, first)] ?? null;
  };
}

/** What holds for a record without `tools[]`: the catalogue alone. */
export function undeclaredTools(catalogue: Catalogue, memos: MemoPool): (call: ToolCall) => ToolFacts {
  const facts = memoised(memos, (key) => factsOf(undefined, catalogue(callOf(key)), 'undeclared'));
  return (call) => facts(keyOf(call));
}

/**
 * Compiles `tools[]` of a record. Of several entries that fit, the strictest mode counts (deny, then approval, then allow), and
 * the first that names a category; a tool that none fits is outside.
 */
export function compileTools(entries: NonNullable<IdentityRecord['tools']>, catalogue: Catalogue, memos: MemoPool): (call: ToolCall) => ToolFacts {
  const compiled = entries.map(({ name, server, category, mode }) => ({ fits: compileEntry(name, server), category: category?.toLowerCase(), mode }));
  const facts = memoised(memos, (key) => {
    const call = callOf(key);
    let verdict: ToolFacts['verdict'] = 'outside';
    let own: string | undefined;
    for (const { fits, category, mode } of compiled) {
      if (!fits(call)) continue;
      own ??= category;
      if (mode === 'deny') verdict = 'denied';
      else if (mode === 'approval' && verdict !== 'denied') verdict = 'approval';
      else if (verdict === 'outside') verdict = 'allowed';
    }
    return factsOf(own, catalogue(call), verdict);
  });
  return (call) => facts(keyOf(call));
}

function compileEntry(name: string, server: string | undefined): (call: ToolCall) => boolean {
  if (server === undefined) return compileToolPatterns([name]);
  const names = new GlobSet([name], { ignoreCase: true });
  const servers = new GlobSet([server], { ignoreCase: true });
  return (call) => isNamed(call.server) && names.test(call.name) && servers.test(call.server);
}

function factsOf(own: string | undefined, catalogued: ReturnType<Catalogue>, verdict: ToolFacts['verdict']): ToolFacts {
  const writes = own !== undefined && READING.has(own) ? false : own === UNKNOWN_CATEGORY ? true : catalogued?.writes ?? true;
  return {
    category: own ?? catalogued?.category ?? UNKNOWN_CATEGORY, writes, verdict,
    known: catalogued !== null || (verdict !== 'outside' && verdict !== 'undeclared'),
  };
}

function isNamed(server: string | undefined): server is string {
  return server !== undefined && server !== '';
}

function keyOf({ name, server }: ToolCall): string {
  return isNamed(server) ? `${server.length}:${server}${name}` : `:${name}`;
}

function callOf(key: string): ToolCall {
  const colon = key.indexOf(':');
  const length = Number(key.slice(0, colon));
  return length === 0 ? { name: key.slice(colon + 1), server: undefined }
    : { server: key.slice(colon + 1, colon + 1 + length), name: key.slice(colon + 1 + length) };
}
