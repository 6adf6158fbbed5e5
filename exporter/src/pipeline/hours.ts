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
  /** Times of the earliest and the latest event. */
  first: Millis;
  last: Millis;
  /** What is learned of it, and how many events it has. */
  sums: HourSums;
  /** Events that left the remit, by way; null while there is none. */
  violations: Partial<Record<Violation, number>> | null;
  /** Signals about single events of it that no exception covers, but for those about a state. */
  signals: number;
  /** The first few events. */
  evidence: EventRef[];
  categories: Map<string, { count: number; unapproved: number; vain?: number; unapprovedVain?: number; first: Millis; last: Millis; evidence: EventRef[] }>;
}

export function openHour(start: Millis, scoring: Scoring): OpenHour {
  return { start, first: start + HOUR, last: start, sums: scoring.open(), violations: null, signals: 0, evidence: [], categories: NONE };
}

/** Adds an event to its hour; returns the word for what makes it sensitive, or null. `remit` is the reviewed record in force at its time. */
export function addToHour(
  hour: OpenHour, event: NhiEvent, restricted: boolean, remit: Remit | null, scoring: Scoring, ref: (e: NhiEvent) => EventRef,
): string | null {
  if (event.time < hour.first) hour.first = event.time;
  if (event.time > hour.last) hour.last = event.time;
  if (hour.evidence.length < EVIDENCE || event.time <= hour.evidence.at(-1)!.time) hour.evidence = addEvidence(hour.evidence, ref(event), EVIDENCE);
  const word = sensitivity(event, restricted);
  scoring.add(hour.sums, event, word);
  if (word === null) return null;
  if (hour.categories === NONE) hour.categories = new Map();
  let category = hour.categories.get(word);
  if (!category) hour.categories.set(word, category = { count: 0, unapproved: 0, first: event.time, last: event.time, evidence: [] });
  category.count++;
  const outside = remit !== null && isOutside(event, remit);
  if (outside) category.unapproved++;
  if (event.outcome.denied || event.status_id === 2) addVain(category, outside, 1);
  if (event.time < category.first) category.first = event.time;
  if (event.time > category.last) category.last = event.time;
  if (category.evidence.length < EVIDENCE || event.time <= category.evidence.at(-1)!.time) category.evidence = addEvidence(category.evidence, ref(event), EVIDENCE);
  return word;
}

/** Whether the target is of a class that the reviewed record, or the inventory behind it, restricts. */
export function isRestricted(remit: Remit | null, { resources }: NhiEvent): boolean {
  const target = resources?.[0]?.uid;
  return remit !== null && target !== undefined && remit.restricted(target);
}

/** Another record of an event says that it was in vain after all (`by` 1), or was not (−1). */
export function correctVain(hour: OpenHour, event: NhiEvent, restricted: boolean, remit: Remit | null, by: 1 | -1): void {
  const category = hour.categories.get(sensitivity(event, restricted) ?? '');
  if (category) addVain(category, remit !== null && isOutside(event, remit), by);
}

/** Absent while there is none, whatever was corrected. */
function addVain(category: { vain?: number; unapprovedVain?: number }, outside: boolean, by: 1 | -1): void {
  const vain = (category.vain ?? 0) + by;
  const unapproved = (category.unapprovedVain ?? 0) + (outside ? by : 0);
  delete category.vain;
  delete category.unapprovedVain;
  if (vain > 0) category.vain = vain;
  if (unapproved > 0) category.unapprovedVain = unapproved;
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
  // Rows of a build that did not keep these: the whole hour.
  return { ...raw, first: raw.first ?? raw.start, last: raw.last ?? raw.start + HOUR - 1, signals: raw.signals ?? 0, categories: new Map(raw.categories), sums: scoring.restoreSums(raw.sums) };
}
