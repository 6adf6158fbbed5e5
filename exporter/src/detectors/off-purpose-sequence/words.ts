import type { Sequence, ToolCall } from '@remit/contract';
import { bounded } from '../phrases.ts';

/** What a call did and with what, at most 100 characters: `messaging:send_email`. */
export function nameOf({ category, name }: ToolCall & { category: string }): string {
  return `${bounded(category, 40)}:${bounded(name, 59)}`;
}

/** The tool as scopes of exceptions name it: `server/tool`, or `tool` where no server is known. */
export function toolOf({ server, name }: ToolCall): string {
  return server === undefined || server === '' ? name : `${server}/${name}`;
}

/** The sequence that knows most of these calls, and how many more there are: `read then ticketing (sequence "triage")`. */
export function sequenceText(sequences: readonly Sequence[], calls: readonly (ToolCall & { category: string })[]): string {
  const known = (sequence: Sequence): number => calls.filter((call) => sequence.steps.some((step) => step.matches(call))).length;
  let best = sequences[0]!;
  let most = known(best);
  for (const other of sequences.slice(1)) {
    const n = known(other);
    if (n > most) [best, most] = [other, n];
  }
  const more = sequences.length === 1 ? '' : ` or ${sequences.length - 1} more`;
  return `${bounded(best.steps.map(({ text }) => text).join(' then '), 180)} (sequence "${bounded(best.name, 60)}"${more})`;
}
