import { sensitivity, type EventRef, type Feature, type Millis, type NhiEvent } from '@remit/contract';
import { addEvidence } from './evidence.ts';

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
  events: number;
  denied: number;
  /** The first few events. */
  evidence: EventRef[];
  categories: Map<string, { count: number; first: Millis; last: Millis; evidence: EventRef[] }>;
  /** One aggregate a feature, in the features' order. */
  features: unknown[];
}

export function openHour(start: Millis, features: readonly Feature[]): OpenHour {
  return { start, events: 0, denied: 0, evidence: [], categories: NONE, features: features.map((f) => f.open()) };
}

/** Adds an event to its hour; returns the word for what makes it sensitive, or null. */
export function addToHour(hour: OpenHour, event: NhiEvent, restricted: boolean, features: readonly Feature[], ref: (e: NhiEvent) => EventRef): string | null {
  hour.events++;
  if (event.outcome.denied) hour.denied++;
  if (hour.evidence.length < EVIDENCE || event.time <= hour.evidence.at(-1)!.time) addEvidence(hour.evidence, ref(event), EVIDENCE);
  for (let i = 0; i < features.length; i++) features[i]!.add(hour.features[i], event);
  const word = sensitivity(event, restricted);
  if (word === null) return null;
  if (hour.categories === NONE) hour.categories = new Map();
  let category = hour.categories.get(word);
  if (!category) hour.categories.set(word, category = { count: 0, first: event.time, last: event.time, evidence: [] });
  category.count++;
  if (event.time < category.first) category.first = event.time;
  if (event.time > category.last) category.last = event.time;
  if (category.evidence.length < EVIDENCE || event.time <= category.evidence.at(-1)!.time) addEvidence(category.evidence, ref(event), EVIDENCE);
  return word;
}

export function saveHour(hour: OpenHour, features: readonly Feature[]): object {
  return { ...hour, categories: [...hour.categories], features: features.map((f, i) => [f.id, f.version, f.save(hour.features[i])]) };
}

export function restoreHour(saved: ReturnType<typeof saveHour>, features: readonly Feature[]): OpenHour {
  const raw = saved as { start: number; events: number; denied: number; evidence: EventRef[]; categories: [string, never][]; features: [string, number, unknown][] };
  return {
    start: raw.start, events: raw.events, denied: raw.denied, evidence: raw.evidence, categories: new Map(raw.categories),
    features: features.map((f) => {
      const found = raw.features.find(([id, version]) => id === f.id && version === f.version);
      return found ? f.restore(found[2]) : f.open();
    }),
  };
}
