import type { ChainMember, ChainStep, Detector, Millis, NhiEvent, View } from '@remit/contract';
import type { Used } from './recency.ts';

export type ChainDetector = Extract<Detector, { on: 'chain' }>;

/** One group of events of one identity, as one detector remembers it. */
export interface SavedChain {
  detector: string; urn: string; key: string;
  steps: KeptStep[];
  dropped: number;
  /** Event time up to which steps have gone, by age or by the cap. */
  lostUntil: Millis;
  /** Findings that the last judgement stood by. */
  standing: string[];
  touched: Millis;
  /** Journal time at which it has settled, while it waits for late members. */
  due: Millis | null;
  /** The identity had no record when the chain began. */
  unrecorded: boolean;
}
export interface KeptStep extends ChainStep { gap: boolean }

/** A chain in memory, with its place in the lists of the book, which is looked at with every event. */
export interface KeptChain extends SavedChain, Used {
  /** Whether it is to be judged, and to be saved. */
  isTouched: boolean; isChanged: boolean;
  /** No step ended before this. */
  from: Millis;
}

/** A chain as it was saved, or a new one. */
export function keep(saved: SavedChain): KeptChain {
  return { ...saved, isTouched: false, isChanged: false, used: 0, from: earliest(saved.steps) };
}

/** When the step that ended first ended. */
export function earliest(steps: readonly KeptStep[]): Millis {
  let from = Infinity;
  for (const { last } of steps) if (last < from) from = last;
  return from;
}

/** Whether the step comes after the place of such a member. */
export function after(step: KeptStep, slot: Millis, id: string): boolean {
  return step.slot > slot || (step.slot === slot && step.id > id);
}

/** Adds an event to a step that is there already. */
export function fold(into: KeptStep, detector: ChainDetector, member: ChainMember, event: NhiEvent, view: View, gap: boolean): void {
  into.count++;
  if (event.time > into.last) into.last = event.time;
  if (event.time <= into.first) {
    const ref = view.ref(event);
    if (event.time < into.first || ref.uid < into.ref.uid) into.ref = ref;
  }
  if (event.time < into.first) into.first = event.time;
  into.fact = detector.add ? detector.add(into.fact, member.id, event, view) : detector.merge ? detector.merge(into.fact, member.fact) : into.fact;
  into.gap ||= gap || member.incomplete === true;
}

/** What a restart needs of a chain, as JSON. */
export function saveChain({ detector, urn, key, steps, dropped, lostUntil, standing, touched, due, unrecorded }: KeptChain): SavedChain {
  return { detector, urn, key, steps, dropped, lostUntil, standing, touched, due, unrecorded };
}

/** Name of a chain's row: no part of it but the last can hold a blank. */
export function nameOf(chain: KeptChain): string {
  return `${chain.detector} ${chain.urn} ${chain.key}`;
}
