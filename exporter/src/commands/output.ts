import type { Problem } from '@remit/contract';

/** Exit codes of every command: 0 done; 1 it ran and the answer is no; 2 arguments, configuration or input cannot be used; 3 the store failed. */
export const EXIT = { ok: 0, negative: 1, usage: 2, store: 3 } as const;

/** What is wrong with the arguments, and what to do. */
export class UsageError extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Problems of files on stderr, one a line: where, what, and what to do. */
export function printProblems(problems: readonly Problem[]): void {
  for (const { file, line, column, severity, message, hint } of problems) {
    process.stderr.write(`${file}:${line}:${column}: ${severity}: ${message}${hint === undefined ? '' : `\n  → ${hint}`}\n`);
  }
}

export function fail(problems: readonly Problem[]): void {
  printProblems(problems);
  process.exitCode = EXIT.usage;
}
