import type { Millis } from '@remit/contract';

/** One tool call of a run. `end` is null where the trace does not say when it was over. */
export interface ObservedCall { step: string; start: Millis; end: Millis | null }
/** A step of a learned sequence: a tool, once, or any number of times in a row. */
export interface LearnedStep { text: string; repeats: boolean }
export type LearnedSequence = readonly LearnedStep[];

/** Longest sequence that a record can hold; what is longer is cut, and its rest begins anew. */
const STEPS_AT_MOST = 64;
/** Runs as unlike as this have no order that a list could tell. */
const CANDIDATES_AT_MOST = 512;
/** Ways through the automaton that are followed at once while a sequence is tried for being superfluous. */
const WAYS_AT_MOST = 32;

/**
 * As few sequences as explain all runs: the same tool several times in a row is one repeated step, and a sequence whose every
 * run can be read as runs of the others, each whole or only begun, is left out. Calls that overlap have no order of their own
 * and stand in the order of their names. The same runs in any order give the same sequences. Null when they are too varied.
 */
export function learnSequences(runs: Iterable<readonly ObservedCall[]>): LearnedSequence[] | null {
  const paths = new Map<string, LearnedStep[]>();
  for (const run of runs) {
    const steps = collapsed(inOrder(run));
    for (let at = 0; at < steps.length; at += STEPS_AT_MOST) keep(paths, steps.slice(at, at + STEPS_AT_MOST));
  }
  const candidates = [...paths].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1)).map(([, steps]) => steps);
  let kept: LearnedSequence[] = [];
  for (const steps of candidates) {
    if (!explained(steps, kept)) kept.push(steps);
    if (kept.length > CANDIDATES_AT_MOST) return null;
  }
  // A long one may be the sum of shorter ones that came after it, or of its own beginning and others: a b a b is a b, twice.
  for (const steps of [...kept]) {
    const others = kept.filter((other) => other !== steps);
    const beginning = shortestEnough(steps, others);
    kept = beginning.length === 0 ? others : kept.map((other) => (other === steps ? beginning : other));
  }
  return withoutSuperfluous(kept);
}

/** The shortest beginning of a sequence that explains all of it together with the others; none when the others do alone. */
function shortestEnough(steps: LearnedSequence, others: readonly LearnedSequence[]): LearnedSequence {
  for (let length = 0; length < steps.length; length++) {
    const beginning = steps.slice(0, length);
    if (explained(steps, length === 0 ? others : [...others, beginning])) return beginning;
  }
  return steps;
}

function withoutSuperfluous(sequences: readonly LearnedSequence[]): LearnedSequence[] {
  let kept = [...sequences];
  for (const steps of sequences) {
    const others = kept.filter((other) => other !== steps);
    if (explained(steps, others)) kept = others;
  }
  return kept;
}

/** The steps of a sequence as a record writes them: `search`, `fetch+`. */
export function stepTexts(sequence: LearnedSequence): string[] {
  return sequence.map(({ text, repeats }) => (repeats ? `${text}+` : text));
}

/** Names of the tools one after the other; of calls that overlap, the first by name comes first. */
function inOrder(run: readonly ObservedCall[]): string[] {
  const waiting = [...run].sort((a, b) => a.start - b.start || (a.end ?? a.start) - (b.end ?? b.start) || (a.step < b.step ? -1 : a.step > b.step ? 1 : 0));
  const steps: string[] = [];
  while (waiting.length > 0) {
    let next = 0;
    // Only what starts before the first of them has ended can be unordered with it.
    let until = waiting[0]!.end ?? waiting[0]!.start;
    for (let i = 1; i < waiting.length && waiting[i]!.start < until; i++) {
      until = Math.min(until, waiting[i]!.end ?? waiting[i]!.start);
      if (waiting[i]!.step < waiting[next]!.step) next = i;
    }
    steps.push(waiting[next]!.step);
    waiting.splice(next, 1);
  }
  return steps;
}

function collapsed(steps: readonly string[]): LearnedStep[] {
  const out: LearnedStep[] = [];
  for (const text of steps) {
    const last = out.at(-1);
    if (last?.text === text) last.repeats = true;
    else out.push({ text, repeats: false });
  }
  return out;
}

/** Runs that differ only in how often a step was repeated are one. */
function keep(paths: Map<string, LearnedStep[]>, steps: LearnedStep[]): void {
  const key = JSON.stringify(steps.map(({ text }) => text));
  const known = paths.get(key);
  if (known === undefined) paths.set(key, steps);
  else for (const [i, { repeats }] of steps.entries()) known[i]!.repeats ||= repeats;
}

/**
 * Whether everything the sequence allows is allowed by the others: each call continues the run it is in, or begins another one
 * from its first step. A place is a sequence and the step reached in it, as one number.
 */
function explained(sequence: LearnedSequence, others: readonly LearnedSequence[]): boolean {
  let ways: Set<number>[] = [new Set()];
  for (const { text, repeats } of sequence) {
    const reached = new Map<string, Set<number>>();
    let frontier = ways;
    do {
      const fresh: Set<number>[] = [];
      for (const way of frontier) {
        const next = after(way, text, others);
        if (next.size === 0) return false;
        const key = [...next].sort((a, b) => a - b).join();
        if (reached.has(key)) continue;
        reached.set(key, next);
        fresh.push(next);
      }
      frontier = fresh;
      if (reached.size > WAYS_AT_MOST) return false;
    } while (repeats && frontier.length > 0);
    ways = [...reached.values()];
  }
  return true;
}

function after(places: ReadonlySet<number>, text: string, sequences: readonly LearnedSequence[]): Set<number> {
  const next = new Set<number>();
  for (const [i, sequence] of sequences.entries()) if (sequence[0]?.text === text) next.add(i * STEPS_AT_MOST);
  for (const place of places) {
    const sequence = sequences[Math.floor(place / STEPS_AT_MOST)]!;
    const at = place % STEPS_AT_MOST;
    if (sequence[at]!.repeats && sequence[at]!.text === text) next.add(place);
    if (sequence[at + 1]?.text === text) next.add(place + 1);
  }
  return next;
}
