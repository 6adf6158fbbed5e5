import { sensitivity, type EventRef, type HourSums, type Millis, type NhiEvent, type Remit, type Violation } from '@remit/contract';
import { addEvidence } from './evidence.ts';
import type { Scoring } from './parts.ts';

export const HOUR: Millis = 3_600_000;

/** Start of the hour that the time lies in. Not by `%`, which is slow for numbers of this size. */
export function hourOf(time: Millis): Millis {
  return Math.floor(time / HOUR) * HOUR;
}

/** Events kept to show what an hour, or a sensitive category in it, was made of. */
const EVIDENCE = 2;
/** Most hours hold nothing sensitive. Never written to. */
const NONE: OpenHour['categories'] = new Map();

/** The open aggregate of one identity-hour: integers and sets only, so that the order of events does not matter. */
export interface OpenHour {
  start: Millis;
  /** What is learned of it, and how many events it has. */
  sums: HourSums;
  /** Events that left the remit, by way; null while there is none. */
  violations: Partial<Record<Violation, number>> | null;
  /** The first few events. */
  evidence: EventRef[];
  categories: Map<string, { count: number; unapproved: number; first: Millis; last: Millis; evidence: EventRef[] }>;
}

export function openHour(start: Millis, scoring: Scoring): OpenHour {
  return { start, sums: scoring.open(), violations: null, evidence: [], categories: NONE };
}

/** Adds an event to its hour; returns the word for what makes it sensitive, or null. `remit` is the reviewed record in force at its time. */
export function addToHour(
  hour: OpenHour, event: NhiEvent, restricted: boolean, remit: Remit | null, scoring: Scoring, ref: (e: NhiEvent) => EventRef,
): string | null {
  if (hour.evidence.length < EVIDENCE || event.time <= hour.evidence.at(-1)!.time) addEvidence(hour.evidence, ref(event), EVIDENCE);
  const word = sensitivity(event, restricted);
  scoring.add(hour.sums, event, word);
  if (word === null) return null;
  if (hour.categories === NONE) hour.categories = new Map();
  let category = hour.categories.get(word);
  if (!category) hour.categories.set(word, category = { count: 0, unapproved: 0, first: event.time, last: event.time, evidence: [] });
  category.count++;
  if (remit !== null && isOutside(event, remit)) category.unapproved++;
  if (event.time < category.first) category.first = event.time;
  if (event.time > category.last) category.last = event.time;
  if (category.evidence.length < EVIDENCE || event.time <= category.evidence.at(-1)!.time) addEvidence(category.evidence, ref(event), EVIDENCE);
  return word;
}

/** Whether some permission that the event used is none of the approved ones. */
function isOutside({ privilege }: NhiEvent, remit: Remit): boolean {
  for (const used of privilege?.used ?? []) if (remit.action(used) === 'outside') return true;
  return false;
}

export function saveHour(hour: OpenHour, scoring: Scoring): object {
  return { ...hour, categories: [...hour.categories], sums: scoring.save(hour.sums) };
}

export function restoreHour(saved: object, scoring: Scoring): OpenHour {
  const raw = saved as Omit<OpenHour, 'categories' | 'sums'> & { categories: [string, never][]; sums: unknown };
  return { ...raw, categories: new Map(raw.categories), sums: scoring.restoreSums(raw.sums) };
}
