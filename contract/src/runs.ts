import type { EventRef } from './finding.ts';
import type { ToolCall } from './remit.ts';
import type { Millis } from './words.ts';

/**
 * One run of an agent, open or over: its tool calls of one trace (else conversation) and purpose, no longer than an hour apart and on one UTC
 * day. Compared with the runs of the agent that were over before it ended.
 */
export interface RunView {
  /** `trace:…` or `session:…`. */
  key: string;
  purpose: string | null;
  /** In order of time and id; the first ones have gone when there were too many. */
  calls: readonly RunCallView[];
  dropped: number;
  /** Calls are missing: spans that never came, or sampling. */
  incomplete: boolean;
  closing: boolean;
  /** Null while nothing is known of the agent's runs. */
  surprise: RunSurprise | null;
}
/** How far something is from what is known: known for the purpose, or approved; `elsewhere`: in another argument or for another purpose; not at all. */
export type Novelty = 'known' | 'elsewhere' | 'unknown';
export interface RunCallView {
  ref: EventRef; tool: ToolCall; category: string; writes: boolean; outcome: EventRef['outcome'];
  /** What is new of a successful call that changes something; for all others `known` and no arguments. */
  novelty: Novelty;
  /** Arguments with a value that is neither known nor approved for the purpose, where less than half of the runs pass one; the rarest first. */
  arguments: readonly { path: string; novelty: Novelty; surprise: number }[];
  /** Arguments for which the inventory lists values, with one that is neither listed nor known for the purpose. They need no memory. */
  undeclared: readonly string[];
  /** −log10 of how rarely such calls are as new in tool and values; 0 for nothing new. Of an argument the same, of it alone. */
  surprise: number;
}
/** How rare a run is among those of its agent: by rank, so never below 1 / (sampled + 1). */
export interface RunSurprise {
  /** Probability, in (0, 1], that a run in order is as surprising, and `score` = −log10 of it. */
  p: number; score: number;
  /** The same for the hour: that none of an hour's runs is. */
  hourScore: number;
  /** As `p`, but runs that wait for a verdict count little, so that they do not hide what comes after them: for tickets. */
  ticketP: number;
  /** Runs that are compared with; runs learned, and since when. */
  sampled: number; learned: number; since: Millis;
  /** Enough runs were learned to say anything. */
  ready: boolean;
}
