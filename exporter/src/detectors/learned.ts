import type { Deviation, DetectorId, EventRef, HourScore, HourView, Millis, Severity, Signal, View } from '@remit/contract';
import { bounded, hour as hourOf, moment } from './phrases.ts';

const SHOWN = 10;
const MOST_PARTS = 5;
/** New targets of one hour from which it is their number that stands out, not one of them. */
const MANY = 4;
const ODD_HOUR = ['when', 'privileged-when', 'sensitive-when', 'gap'];

/**
 * Which learned detector speaks of an hour: one of them, whatever else deviates. The winning channel decides, and where it joins
 * several habits, the strongest of them that has one. Null where the remit alone stands out: its own findings speak then.
 */
export function speaker({ channel, parts }: HourScore): DetectorId | null {
  if (channel === null || channel === 'remit') return null;
  for (const part of parts) {
    const id = channel === 'corroboration' || part.channel === channel ? speakerOf(part, parts) : null;
    if (id !== null) return id;
  }
  return null;
}

function speakerOf({ habit, observed }: HourScore['parts'][number], parts: HourScore['parts']): DetectorId | null {
  switch (habit) {
    case 'when': case 'privileged-when': case 'sensitive-when': case 'gap': return 'unusual-hour';
    // More of an hour is sensitive than should be: of an odd hour it is the hour, else how much.
    case 'sensitive-share': return parts.some((part) => ODD_HOUR.includes(part.habit) && part.calibrated >= 1) ? 'unusual-hour' : 'volume';
    case 'volume': case 'sensitive-volume': return 'volume';
    case 'errors': return 'denied-burst';
    case 'amount': case 'moved': return 'export-volume';
    case 'action': return 'new-action';
    case 'source': return 'new-network';
    case 'resource': return observed >= MANY ? 'fan-out' : 'new-destination';
    case 'destination': case 'argument': return 'new-destination';
    case 'sequence': return 'unusual-sequence';
    default: return null;
  }
}

/**
 * The signal of a learned detector: the score of the hour reaches the threshold and this detector speaks of it. While the baseline is warming,
 * another one does (`peer-outlier`); after a long silence it is what there is. One finding per identity and hour, provisional until the hour closes.
 */
export function learned(id: DetectorId, hour: HourView, view: View): Signal[] {
  const { score } = hour;
  if (score === null || score.readiness === 'warming' || !(score.score >= view.threshold) || speaker(score) !== id) return [];
  return [signalOf(score, hour, view.threshold)];
}

/** A signal in the words of the habits behind a score. */
export function signalOf(score: HourScore, hour: HourView, threshold: number, more: { severity?: Severity; peers?: boolean } = {}): Signal {
  const parts = partsOf(score);
  const [first, ...others] = parts;
  const about = spanOf(hour, first?.channel === 'sensitive');
  const besides = others.filter(({ calibrated }) => calibrated >= 1).slice(0, 2).map(({ text }) => text.observed);
  return {
    subject: first?.habit ?? 'hour', bucket: hourOf(hour.start),
    reason: {
      expected: bounded(`${first?.text.expected ?? 'an hour like those before'}${score.since === null || more.peers ? '' : `, as learned since ${day(score.since)}`}`, 300),
      observed: bounded(`${[first?.text.observed ?? `${hour.events} events`, ...besides].join('; ')} in the hour of ${moment(hour.start)}, ${rarity(score.score)}`
        + `${first?.text.peers === undefined ? '' : `; ${first.text.peers}`}`, 300),
    },
    evidence: about.evidence, at: about.last, first: about.first, count: hour.events, score: score.score,
    deviation: deviationOf(score, threshold), ...more.severity === undefined ? {} : { severity: more.severity },
  };
}

function deviationOf(score: HourScore, threshold: number): Deviation {
  return {
    channel: score.channel ?? 'corroboration', score: score.score, threshold, since: score.since,
    parts: partsOf(score).slice(0, MOST_PARTS).map(({ habit, channel, calibrated, observed, expected, text }) => ({ habit, channel, calibrated, observed, expected, text })),
  };
}

/** Those of the winning channel first: they are why it opens. */
function partsOf({ channel, parts }: HourScore): HourScore['parts'] {
  return channel === 'corroboration' || channel === null ? parts : [...parts.filter((part) => part.channel === channel), ...parts.filter((part) => part.channel !== channel)];
}

/** What a finding about an hour speaks of: all of it, or its sensitive events where those stand out; and the first few events, with the first few sensitive ones. */
function spanOf(hour: HourView, sensitive: boolean): { first: Millis; last: Millis; evidence: EventRef[] } {
  const { categories } = hour;
  if (!sensitive || categories.size === 0) return { first: hour.first, last: hour.last, evidence: inOrder([...hour.evidence ?? [], ...sensitiveOf(hour)]) };
  let [first, last] = [Infinity, -Infinity];
  for (const category of categories.values()) [first, last] = [Math.min(first, category.first), Math.max(last, category.last)];
  return { first, last, evidence: sensitiveOf(hour) };
}

/** The hour's own first events; where the view has none, its sensitive ones. */
export function shown(hour: HourView): EventRef[] {
  return hour.evidence !== undefined && hour.evidence.length > 0 ? hour.evidence.slice(0, SHOWN) : sensitiveOf(hour);
}

function sensitiveOf({ categories }: HourView): EventRef[] { return inOrder([...categories.values()].flatMap(({ evidence }) => evidence)); }

function inOrder(events: readonly EventRef[]): EventRef[] {
  return [...new Map(events.map((event) => [event.uid, event])).values()].sort((a, b) => a.time - b.time || (a.uid < b.uid ? -1 : 1)).slice(0, SHOWN);
}

/** How often one conforming identity shows such an hour. */
export function rarity(score: number): string {
  const hours = 10 ** Math.min(score, 12);
  const years = hours / (365.25 * 24);
  if (years >= 1000) return 'rarer than once in 1000 years of such an identity';
  if (years >= 2) return `about once in ${Math.round(years)} years of such an identity`;
  if (hours >= 48) return `about once in ${Math.round(hours / 24)} days of such an identity`;
  return `about once in ${Math.round(Math.max(1, hours))} hours of such an identity`;
}

function day(at: Millis): string { return new Date(at).toISOString().slice(0, 10); }
