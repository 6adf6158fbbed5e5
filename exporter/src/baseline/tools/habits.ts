import { atLeast, ToolJudge } from './judge.ts';
import type { JudgedCall } from './judge.ts';
import { ToolMemory } from './memory.ts';
import type { Limits } from './memory.ts';
import { pack, unpack } from './packed.ts';
import type { HashedRun } from './run.ts';

/** Of one agent: 16,384 things that were seen, 512 whole runs. What is new every time fades. */
const LIMITS: Partial<Limits> = { keys: 16_384, runs: 512, purposes: 512, callsOfRun: 256, fades: true };
/** All agents together, in keys; a run weighs as much as eight, an agent as 32. Beyond it the agents that were quiet longest are forgotten: some 100 MB. */
const MOST_WEIGHT = 600_000;
const WEIGHT_OF_RUN = 8;
const WEIGHT_OF_AGENT = 32;
/** What is learned is read anew when there is a tenth more of it. */
const GROWTH = 1.1;
const HOUR = 3_600_000;

/**
 * How surprising a run is to one who knows what the agent's runs did that are over. `score`: −ln of a probability, higher is odder. `above`: how
 * many of the `sampled` runs are as odd. `learned`: how many runs were learned, since when, and on average how many an hour in which there was one.
 */
export interface RunVerdict { score: number; calls: readonly JudgedCall[]; above: number; sampled: number; learned: number; since: number; perHour: number }

interface Habit {
  memory: ToolMemory; judge: ToolJudge | null; ranks: readonly number[];
  learned: number; since: number; last: number; hours: number; weight: number;
  /** Runs learned when the judge was made. */
  readAt: number;
  /** Rows not yet stored: the memory as the judge read it, and the runs since. */
  snapshot: Uint8Array | null; tail: { row: number; bytes: Uint8Array }[];
  /** Rows of the tail in the store. */
  stored: number[];
}

/** What is learned of the runs of each agent, for as many as there is room. Runs are learned one after the other; the same runs in the same order give the same. */
export class ToolHabits {
  readonly #agents = new Map<string, Habit>();
  readonly #changed = new Set<string>();
  #gone: string[] = [];
  #weight = 0;

  /** Null while no run of the agent was learned. */
  judge(run: HashedRun): RunVerdict | null {
    const habit = this.#agents.get(run.agent);
    const verdict = habit?.judge?.judge(run, true);
    if (!habit || !verdict) return null;
    const { ranks, learned, since, hours } = habit;
    return { ...verdict, above: atLeast(ranks, verdict.score), sampled: ranks.length, learned, since, perHour: learned / Math.max(1, hours) };
  }

  /** Learns a run that is over and held to be in order: when it began and ended. */
  learn(run: HashedRun, first: number, last: number): void {
    let habit = this.#agents.get(run.agent);
    if (!habit) {
      habit = { memory: new ToolMemory(LIMITS), judge: null, ranks: [], learned: 0, since: first, last: -Infinity, hours: 0, weight: 0, readAt: 0, snapshot: null, tail: [], stored: [] };
      this.#agents.set(run.agent, habit);
    }
    take(habit, run, first, last);
    if (habit.learned >= habit.readAt * GROWTH) {
      read(habit);
      habit.snapshot = pack({ ...statsOf(habit), memory: habit.memory.save(true) });
      habit.tail = [];
    } else habit.tail.push({ row: habit.learned, bytes: json([run, first, last]) });
    this.#changed.add(run.agent);
    this.#weigh(run.agent, habit);
  }

  /** The agent is called differently from now on. */
  rename(from: string, to: string): void {
    const habit = this.#agents.get(from);
    if (!habit) return;
    const memory = habit.memory.save(true);
    for (const agent of memory.agents) agent.agent = to;
    this.#forget(from);
    const renamed: Habit = { ...habit, memory: ToolMemory.restore(memory, LIMITS), stored: [], tail: [], weight: 0 };
    read(renamed);
    renamed.snapshot = pack({ ...statsOf(renamed), memory });
    this.#agents.set(to, renamed);
    this.#changed.add(to);
    this.#weigh(to, renamed);
  }

  /** What is known of an agent, in numbers that do not depend on the installation's secret; null for nothing. */
  describe(agent: string): object | null {
    const habit = this.#agents.get(agent);
    return habit ? { ...statsOf(habit), ...habit.memory.sizeOf(agent), ranks: habit.ranks.map((score) => Math.round(score * 1e6)) } : null;
  }

  /** Rows to write and to delete since the last call. */
  takeChanged(): { puts: { key: string; value: Uint8Array }[]; deletes: string[] } {
    const puts: { key: string; value: Uint8Array }[] = [];
    const deletes = this.#gone.splice(0);
    for (const agent of this.#changed) {
      const habit = this.#agents.get(agent)!;
      if (habit.snapshot) {
        puts.push({ key: `${agent} 0`, value: habit.snapshot });
        for (const row of habit.stored) deletes.push(keyOf(agent, row));
        habit.stored = [];
      }
      for (const { row, bytes } of habit.tail) {
        puts.push({ key: keyOf(agent, row), value: bytes });
        habit.stored.push(row);
      }
      habit.snapshot = null;
      habit.tail = [];
    }
    this.#changed.clear();
    return { puts, deletes };
  }

  /** Takes a stored row back; rows come in the order of their keys, so that of each agent the snapshot comes first. */
  restore(key: string, value: Uint8Array): void {
    const blank = key.indexOf(' ');
    const agent = key.slice(0, blank);
    if (key.endsWith(' 0')) {
      const { memory, ...stats } = unpack(value);
      const habit: Habit = { memory: ToolMemory.restore(memory, LIMITS), judge: null, ranks: [], ...stats, weight: 0, readAt: stats.learned, snapshot: null, tail: [], stored: [] };
      // Saved by another version: learned anew.
      if (habit.memory.sizeOf(agent).runs === 0) {
        this.#gone.push(key);
        return;
      }
      read(habit);
      this.#agents.set(agent, habit);
      this.#weigh(agent, habit);
      return;
    }
    const habit = this.#agents.get(agent);
    if (!habit) {
      this.#gone.push(key);
      return;
    }
    const [run, first, last] = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.length).toString()) as [HashedRun, number, number];
    take(habit, run, first, last);
    habit.stored.push(habit.learned);
    this.#weigh(agent, habit);
  }

  /** Weighs an agent anew, and makes room. */
  #weigh(agent: string, habit: Habit): void {
    const { keys, runs } = habit.memory.sizeOf(agent);
    const weight = WEIGHT_OF_AGENT + keys + WEIGHT_OF_RUN * runs;
    this.#weight += weight - habit.weight;
    habit.weight = weight;
    while (this.#weight > MOST_WEIGHT && this.#agents.size > 1) {
      let oldest = '';
      let since = Infinity;
      for (const [other, { last }] of this.#agents) {
        if (other === agent || last > since || (last === since && other > oldest)) continue;
        oldest = other;
        since = last;
      }
      this.#forget(oldest);
    }
  }

  #forget(agent: string): void {
    const habit = this.#agents.get(agent)!;
    this.#agents.delete(agent);
    this.#weight -= habit.weight;
    this.#changed.delete(agent);
    this.#gone.push(`${agent} 0`, ...habit.stored.map((row) => keyOf(agent, row)));
  }
}

function take(habit: Habit, run: HashedRun, first: number, last: number): void {
  habit.memory.learn(run);
  habit.learned++;
  // Runs are learned about in the order of their ends.
  if (Math.floor(last / HOUR) > Math.floor(habit.last / HOUR)) habit.hours++;
  habit.since = Math.min(habit.since, first);
  habit.last = Math.max(habit.last, last);
}

function read(habit: Habit): void {
  habit.judge = new ToolJudge(habit.memory);
  const ranks: number[] = [];
  for (const run of habit.memory.runs()) ranks.push(habit.judge.judge(run)?.score ?? 0);
  habit.ranks = ranks.sort((a, b) => a - b);
  habit.readAt = habit.learned;
}

function statsOf({ learned, since, last, hours }: Habit): { learned: number; since: number; last: number; hours: number } {
  return { learned, since, last, hours };
}

function keyOf(agent: string, row: number): string {
  return `${agent} 1 ${String(row).padStart(12, '0')}`;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
