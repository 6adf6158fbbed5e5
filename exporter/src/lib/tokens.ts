import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Problem } from '@remit/contract';

/** What a bearer token opens. The four are separate: none of them includes another. */
export const SCOPES = ['ingest', 'read', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Path of the token file of each scope that has one (`auth.<scope>.token_file`). */
export type TokenConfig = { readonly [scope in Scope]?: string | undefined };

/** The tokens in force. Only keyed digests are kept in memory. */
export interface Tokens {
  /** True when the scope has a token. */
  configured(scope: Scope): boolean;
  /** Takes the same time whatever the presented text has in common with the token. */
  matches(scope: Scope, presented: string): boolean;
  /** Name of the token as its file has it, else the scope's; null when it is none. */
  nameOf(scope: Scope, presented: string): string | null;
  /** Reads the files again. A file that cannot be used leaves its last good token in force and is named. */
  reload(): Problem[];
}

interface Token { name: string; digest: Buffer }

/**
 * Reads token files: one token a line, so that an old and a new one overlap while clients are switched. A line `# NAME` names the
 * tokens below it, so that what is done with them can be told apart. Problems of the first reading are returned beside the tokens; a scope whose file could not be read then has a token that nobody knows.
 */
export function openTokens(files: TokenConfig): { tokens: Tokens; problems: Problem[] } {
  const key = randomBytes(32);
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const known = new Map<Scope, Token[]>();
  const nameOf = (scope: Scope, presented: string): string | null => {
    const offered = digest(presented);
    let hit: string | null = null;
    for (const token of known.get(scope) ?? []) if (timingSafeEqual(token.digest, offered)) hit ??= token.name;
    return hit;
  };

  const reload = (): Problem[] => {
    const problems: Problem[] = [];
    for (const scope of SCOPES) {
      const file = files[scope];
      if (file === undefined) continue;
      const read = readTokens(file);
      if ('problem' in read) {
        problems.push(read.problem);
        // Closed, never open: a broken file must not turn authentication off.
        if (!known.has(scope)) known.set(scope, []);
      } else known.set(scope, read.tokens.map(({ name, token }) => ({ name: name ?? scope, digest: digest(token) })));
    }
    return problems;
  };

  const problems = reload();
  return {
    problems,
    tokens: {
      configured: (scope) => known.has(scope),
      matches: (scope, presented) => nameOf(scope, presented) !== null,
      nameOf,
      reload,
    },
  };
}

const NAME = /^#\s+([A-Za-z0-9][A-Za-z0-9._@-]{0,62})$/;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

function readTokens(file: string): { tokens: { name: string | null; token: string }[] } | { problem: Problem } {
  const problem = (message: string, hint: string, line = 1): { problem: Problem } => ({ problem: { file, line, column: 1, severity: 'error', message, hint } });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return problem(`cannot read the token file: ${(error as NodeJS.ErrnoException).code ?? 'error'}`, 'check the path and its permissions');
  }
  const tokens: { name: string | null; token: string }[] = [];
  let name: string | null = null;
  for (const [index, each] of text.split(/\r?\n/).entries()) {
    const line = each.trim();
    const named = NAME.exec(line);
    if (named) name = named[1]!;
    else if (TOKEN.test(line)) tokens.push({ name, token: line });
    else if (line !== '') return problem('a token is one line of visible ASCII without spaces, and a name one word after "# "', 'make one with: openssl rand -hex 32', index + 1);
  }
  return tokens.length > 0 ? { tokens } : problem('the token file is empty', 'make a token with: openssl rand -hex 32');
}
