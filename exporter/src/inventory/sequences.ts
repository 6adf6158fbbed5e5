import type { ForbiddenTransition, IdentityRecord, Sequence, SequenceStep, ToolCall } from '@remit/contract';
import { parseDuration } from '../lib/duration.ts';
import { compileToolPatterns } from './tools.ts';

/** A step as written: what is called, and how often in a row. `max` is Infinity for `+` and `{n,}`. */
export interface ParsedStep { what: string; min: number; max: number }

/** Longest repetition that is taken. */
const REPEATS_AT_MOST = 10_000;

/**
 * Reads a step: a category or a pattern over tools, then `+`, `{n}`, `{n,m}` or `{n,}`; without one it is exactly once. A text
 * that is no step gives the fault and a hint.
 */
export function parseStep(text: string): ParsedStep | { fault: string; hint: string } {
  const [, what, repetition] = /^(.*?)\s*(\+|\{[^{}]*\})?$/s.exec(text.trim())!;
  if (what === '' || /[{}+]/.test(what!)) return { fault: `${shown(text)} is no step`, hint: FORM };
  if (repetition === undefined) return { what: what!, min: 1, max: 1 };
  if (repetition === '+') return { what: what!, min: 1, max: Infinity };
  const numbers = /^\{\s*(\d{1,6})\s*(?:(,)\s*(\d{1,6})?\s*)?\}$/.exec(repetition);
  if (numbers === null) return { fault: `${shown(repetition)} is no repetition`, hint: FORM };
  const min = Number(numbers[1]);
  const max = numbers[2] === undefined ? min : numbers[3] === undefined ? Infinity : Number(numbers[3]);
  if (max < min) return { fault: `the repetition ${shown(repetition)} ends below its beginning`, hint: `write {${max},${min}}` };
  if (max === 0) return { fault: `the repetition ${shown(repetition)} is never`, hint: 'leave the step out; what must not happen belongs into forbidden_transitions' };
  if (min > REPEATS_AT_MOST || (max !== Infinity && max > REPEATS_AT_MOST)) {
    return { fault: `the repetition ${shown(repetition)} is more than ${REPEATS_AT_MOST} times`, hint: 'write + for any number' };
  }
  return { what: what!, min, max };
}

const FORM = 'write a category or a tool, then + (once or more), {3} (three times), {1,3} or {2,} where it repeats';

/** The two sides of a forbidden transition as written, trimmed; null when there is more than one arrow or a side is missing. */
export function parseTransition(text: string): [from: string, to: string] | null {
  const sides = text.split(/->|→/).map((side) => side.trim());
  return sides.length === 2 && sides[0] !== '' && sides[1] !== '' ? [sides[0]!, sides[1]!] : null;
}

/** Compiles `sequences[]` of a record that has passed the checks. */
export function compileSequences(sequences: NonNullable<IdentityRecord['sequences']>): Sequence[] {
  return sequences.map(({ name, steps, strict, max_gap: gap }) => ({
    name, steps: steps.map(compileStep), strict: strict ?? false, maxGap: gap === undefined ? null : parseDuration(gap),
  }));
}

/** Compiles `forbidden_transitions[]` of a record that has passed the checks. The text reads `file_storage → messaging`. */
export function compileForbidden(transitions: readonly string[]): ForbiddenTransition[] {
  return transitions.map((written) => {
    const [from, to] = parseTransition(written)!;
    return { text: `${from} → ${to}`, from: compileStep(from), to: compileStep(to) };
  });
}

function compileStep(text: string): SequenceStep {
  const { what, min, max } = parseStep(text) as ParsedStep;
  const category = what.toLowerCase();
  let fits: ((call: ToolCall) => boolean) | null = null;
  return {
    text: text.trim(), min, max,
    matches: (call) => call.category.toLowerCase() === category || (fits ??= compileToolPatterns([what]))(call),
  };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
