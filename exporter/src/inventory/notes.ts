import type { Problem } from '@remit/contract';
import type { Path, Place } from './parse.ts';

/** Notes a problem at a path inside the entry that is being checked. */
export type Note = (severity: Problem['severity'], path: Path, message: string, hint: string) => void;

/** Notes into a list of problems, each at its place in the entry's file. */
export function noteIn(entry: { file: string; place(path?: Path): Place }, problems: Problem[]): Note {
  return (severity, path, message, hint) => problems.push({ file: entry.file, ...entry.place(path), severity, message, hint });
}

/** An answer worked out once a text and kept, up to 1,024: thousands of records share a few crons, zones and steps, which are dear to read. */
export function remembered<T>(work: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (known.has(text)) return known.get(text)!;
    if (known.size >= 1024) known.clear();
    const answer = work(text);
    known.set(text, answer);
    return answer;
  };
}
