import type { Millis, Sequence, ToolCall } from '@remit/contract';

/**
 * A call of a chain. `end` is Infinity where it is not known, so that nothing is ordered after it. `optional` calls (failed ones) may
 * count as a step or be passed over.
 */
export interface Call extends ToolCall { category: string; writes: boolean; start: Millis; end: Millis; optional: boolean }

/** A pause that was too long for the sequence that the call would have gone on with. */
export interface LongGap { sequence: Sequence; gap: Millis }

/** Indices of the calls that no order explains, with the pause before one where that alone is why; `undecided` when the work was cut off and the rest has not been read. */
export interface Reading { broken: number[]; gaps: ReadonlyMap<number, LongGap>; undecided: boolean }

/** Most work of one reading, about 1 µs each. Only many unlike calls at once need more. */
const MOST_WORK = 50_000;

/**
 * Reads calls, given in order of start, as runs of approved sequences. One call comes before another only if it ended before the
 * other started; the calls comply when some order that respects this can be read so that every call continues the present run,
 * begins a new one, or is passed over. A call that fits in no order is left out, and the reading goes on behind it. With `midway`
 * the beginning is unknown: the first calls may continue any run.
 */
export function read(calls: readonly Call[], sequences: readonly Sequence[], midway: boolean): Reading {
  const reader = new Reader(calls, sequences);
  let frontier: Frontier = midway ? everywhere(sequences) : new Map();
  const broken: number[] = [];
  for (let from = 0; from < calls.length;) {
    const to = nextCut(calls, from);
    const after = to - from === 1 ? reader.one(frontier, from, broken) : reader.overlapping(frontier, from, to, broken);
    if (after === null || reader.work > MOST_WORK) return { broken, gaps: reader.gaps, undecided: true };
    frontier = after;
    from = to;
  }
  return { broken, gaps: reader.gaps, undecided: false };
}

/** Whether no order and no missing call can make this call part of the sequences: it is a step of none, and none passes it over. */
export function isStray(call: ToolCall & { category: string; writes: boolean }, sequences: readonly Sequence[]): boolean {
  return !sequences.some((sequence) => sequence.steps.some((step) => step.matches(call)) || passes(call, sequence));
}

/** Whether every sequence passes this call over, so that it says nothing. */
export function isNoise(call: ToolCall & { category: string; writes: boolean }, sequences: readonly Sequence[]): boolean {
  return !call.writes && sequences.every((sequence) => passes(call, sequence));
}

function passes(call: ToolCall & { category: string; writes: boolean }, sequence: Sequence): boolean {
  return !call.writes && !sequence.strict && !sequence.steps.some((step) => step.matches(call));
}

/**
 * Where runs may stand: sequence, step and repetitions in one number, and the latest end of the run's steps; the later, the more a
 * longest gap allows. That a run may be given up and another begun goes without saying, so it is not listed.
 */
type Frontier = Map<number, Millis>;
/** More than the longest repetition. */
const COUNTS = 2 ** 14;
const STEPS = 64;

function stateOf(sequence: number, step: number, count: number): number { return (sequence * STEPS + step) * COUNTS + count; }

function everywhere(sequences: readonly Sequence[]): Frontier {
  const all: Frontier = new Map();
  sequences.forEach(({ steps }, s) => steps.forEach(({ min, max }, i) => {
    const most = max === Infinity ? min : max;
    for (let count = 0; count <= Math.min(most, STEPS); count++) all.set(stateOf(s, i, count), Infinity);
    all.set(stateOf(s, i, most), Infinity);
  }));
  return all;
}

/** Index behind the calls that overlap with the first, directly or through others: from there on everything comes later. */
function nextCut(calls: readonly Call[], from: number): number {
  let end = calls[from]!.end;
  let to = from + 1;
  while (to < calls.length) {
    const { start, end: own } = calls[to]!;
    // Calls without any length at the same instant have no order either.
    if (start >= end && !(start === own && calls[to - 1]!.start === start)) break;
    end = Math.max(end, own);
    to++;
  }
  return to;
}

/** What a call is in each sequence: of calls that look alike it is found out once. */
interface Likeness { steps: boolean[][]; passed: boolean[] }

/** A set of overlapping calls that have happened, as numbers taken from each queue, and where runs may stand then. */
interface Node { taken: number[]; frontier: Frontier }

class Reader {
  work = 0;
  readonly gaps = new Map<number, LongGap>();
  readonly #calls: readonly Call[];
  readonly #sequences: readonly Sequence[];
  /** Of each call. */
  readonly #likenesses: Likeness[];

  constructor(calls: readonly Call[], sequences: readonly Sequence[]) {
    this.#calls = calls;
    this.#sequences = sequences;
    const known = new Map<string, Likeness>();
    this.#likenesses = calls.map((call) => likenessOf(call, sequences, known));
  }

  one(frontier: Frontier, index: number, broken: number[]): Frontier {
    const after = this.#step(frontier, index);
    if (after === null) broken.push(index);
    return after ?? frontier;
  }

  /**
   * All orders of overlapping calls, by the sets of calls that may have happened first. Calls that look alike are exchangeable, so
   * they wait in queues and only how many have gone counts.
   */
  overlapping(frontier: Frontier, from: number, to: number, broken: number[]): Frontier | null {
    const queues = this.#queues(from, to);
    const needs = new Map(queues.flat().map((index) => [index, queues.map((queue) => this.#before(queue, index))]));
    this.work += (to - from) * queues.length;
    let level = new Map<string, Node>([['', { taken: queues.map(() => 0), frontier }]]);
    for (let size = from; size < to; size++) {
      const next = new Map<string, Node>();
      let blamed = Infinity;
      for (const node of level.values()) {
        this.work += queues.length * Math.ceil(queues.length / 16);
        if (this.work > MOST_WORK) return null;
        for (let q = 0; q < queues.length; q++) {
          const index = ready(node, queues, q, needs);
          if (index === null) continue;
          blamed = Math.min(blamed, index);
          const after = this.#step(node.frontier, index);
          if (after === null) continue;
          this.work += queues.length >> 1;
          arrive(next, node, q, after);
        }
      }
      if (next.size === 0) {
        broken.push(blamed);
        const q = queues.findIndex((queue) => queue.includes(blamed));
        for (const node of level.values()) if (ready(node, queues, q, needs) === blamed) arrive(next, node, q, new Map(node.frontier));
      }
      level = next;
    }
    return level.values().next().value!.frontier;
  }

  /** Where runs may stand after the call, or null when it neither is a step anywhere nor passed over. */
  #step(frontier: Frontier, index: number): Frontier | null {
    const call = this.#calls[index]!;
    const { steps, passed } = this.#likenesses[index]!;
    const after: Frontier = new Map();
    let consumed = call.optional;
    this.work += frontier.size + this.#sequences.length;
    for (const [state, end] of frontier) {
      const s = Math.floor(state / (STEPS * COUNTS));
      if (call.optional || passed[s]) put(after, state, end);
      const longest = this.#sequences[s]!.maxGap;
      const i = Math.floor(state / COUNTS) % STEPS;
      if (longest === null || call.start - end <= longest) this.#advance(after, s, steps[s]!, i, state % COUNTS, Math.max(end, call.end));
      else this.#late(index, s, i, state % COUNTS, call.start - end);
    }
    for (let s = 0; s < this.#sequences.length; s++) {
      consumed ||= passed[s]!;
      this.#advance(after, s, steps[s]!, 0, 0, call.end);
    }
    return consumed || after.size > 0 ? after : null;
  }

  /** Remembers the shortest pause without which the call would have gone on with a run. */
  #late(index: number, s: number, i: number, count: number, gap: Millis): void {
    const known = this.gaps.get(index);
    if (known !== undefined && known.gap <= gap) return;
    const next: Frontier = new Map();
    this.#advance(next, s, this.#likenesses[index]!.steps[s]!, i, count, 0);
    if (next.size > 0) this.gaps.set(index, { sequence: this.#sequences[s]!, gap });
  }

  /** The steps that a call may be when `count` calls have been step `i`. */
  #advance(after: Frontier, s: number, matched: readonly boolean[], i: number, count: number, end: Millis): void {
    const { steps } = this.#sequences[s]!;
    const { min, max } = steps[i]!;
    if (matched[i] && count < max) put(after, stateOf(s, i, Math.min(count + 1, max === Infinity ? Math.max(min, 1) : max)), end);
    if (count < min) return;
    for (let j = i + 1; j < steps.length; j++) {
      if (matched[j]) put(after, stateOf(s, j, 1), end);
      if (steps[j]!.min > 0) return;
    }
  }

  #queues(from: number, to: number): number[][] {
    const groups = new Map<Likeness, number[]>();
    for (let index = from; index < to; index++) {
      const likeness = this.#likenesses[index]!;
      const group = groups.get(likeness);
      if (group) group.push(index);
      else groups.set(likeness, [index]);
    }
    return [...groups].flatMap(([likeness, group]) => {
      const others: number[] = [];
      for (let index = from; index < to; index++) if (this.#likenesses[index] !== likeness) others.push(index);
      return dominance(this.#calls, group, others);
    });
  }

  /** How many of a queue come before the call; those that look like it may be exchanged with it. */
  #before(queue: readonly number[], index: number): number {
    if (this.#likenesses[queue[0]!] === this.#likenesses[index]) return 0;
    let n = 0;
    while (n < queue.length && precedes(this.#calls[queue[n]!]!, this.#calls[index]!)) n++;
    return n;
  }

}

function likenessOf(call: Call, sequences: readonly Sequence[], known: Map<string, Likeness>): Likeness {
  const key = `${call.optional} ${call.writes} ${call.category}\0${call.server ?? ''}\0${call.name}`;
  let likeness = known.get(key);
  if (!likeness) {
    known.set(key, likeness = {
      steps: sequences.map(({ steps }) => steps.map((step) => step.matches(call))), passed: sequences.map((sequence) => passes(call, sequence)),
    });
  }
  return likeness;
}

function put(frontier: Frontier, state: number, end: Millis): void {
  const known = frontier.get(state);
  if (known === undefined || end > known) frontier.set(state, end);
}

/** Whether one call comes before another in every order. */
function precedes(one: Call, other: Call): boolean { return one.end <= other.start && one.start < other.end; }

/**
 * Queues of calls that look alike. Of two in a queue the first needs no more of the others before it, and leaves no fewer of them
 * for later: whatever order has them the other way round, exchanging the two gives another that reads the same.
 */
function dominance(calls: readonly Call[], group: readonly number[], others: readonly number[]): number[][] {
  const ranked = group.map((index) => {
    const call = calls[index]!;
    let needs = 0;
    let leaves = 0;
    for (const other of others) {
      if (precedes(calls[other]!, call)) needs++;
      else if (precedes(call, calls[other]!)) leaves++;
    }
    return { index, needs, leaves };
  }).sort((a, b) => a.needs - b.needs || b.leaves - a.leaves || a.index - b.index);
  const queues: { index: number; leaves: number }[][] = [];
  for (const one of ranked) {
    const queue = queues.find((candidate) => candidate.at(-1)!.leaves >= one.leaves);
    if (queue) queue.push(one);
    else queues.push([one]);
  }
  return queues.map((queue) => queue.map(({ index }) => index));
}

/** The next call of a queue when everything before it has happened, else null. */
function ready({ taken }: Node, queues: readonly number[][], q: number, needs: ReadonlyMap<number, readonly number[]>): number | null {
  const index = queues[q]![taken[q]!];
  if (index === undefined) return null;
  const need = needs.get(index)!;
  for (let other = 0; other < taken.length; other++) if (taken[other]! < need[other]!) return null;
  return index;
}

function arrive(next: Map<string, Node>, from: Node, q: number, frontier: Frontier): void {
  const taken = from.taken.slice();
  taken[q]!++;
  const key = taken.join(' ');
  const known = next.get(key);
  if (!known) next.set(key, { taken, frontier });
  else for (const [state, end] of frontier) put(known.frontier, state, end);
}
