import { CHANNELS, type Bands, type Channel, type FrameField, type HourPoint, type KnownIdentity, type Millis, type Remit } from '@remit/contract';
import { frameOf, table, type Column } from './frame.ts';
import { fewOf } from './identities.ts';
import { stepOf, tell, type Ask, type Kind } from './kind.ts';

const HOUR: Millis = 3_600_000;
const MOST_POINTS = 1500;
/** At the declared schedule, in each bucket: every five minutes of an hour. */
const LOOKS = 12;
/** Identities shown when none is named, and at most. */
const USUAL = 5;
const MOST = 20;

/** What the busiest identities did, hour by hour, beside the band in which their baseline expects it. */
export const baseline: Kind = {
  limit: { usual: USUAL, most: MOST },
  answer: (ask) => series(ask, eventsOf, (identity, of, alone) => [
    value(identity, 'observed', 'events', 'short', (start) => of(start)?.events ?? null), value(identity, 'denied', 'denied', 'short', (start) => of(start)?.denied ?? null),
    ...(['p50', 'p95', 'p99'] as const).map((name) => value(identity, name, name, 'short', (start) => of(start)?.bands?.[name] ?? null)),
    ...alone && identity.remit?.record.schedule?.windows?.length ? [value(identity, 'scheduled', 'scheduled', 'none', scheduled(identity.remit, stepOf(ask, MOST_POINTS, HOUR)))] : [],
  ]),
};

/** How surprising each hour of the most surprising identities was, against the score at which a finding opens. */
export const deviations: Kind = {
  limit: { usual: USUAL, most: MOST },
  answer: (ask) => series(ask, (hours) => Math.max(-1, ...hours.map(({ score }) => score ?? -1)), (identity, of) => [
    value(identity, 'score', 'score', 'none', (start) => of(start)?.score ?? null),
    ...CHANNELS.map((channel) => value(identity, 'part', channel, 'none', (start) => of(start)?.channels.get(channel) ?? null, { part: channel })),
  ], [
    { name: 'threshold', type: 'number', title: 'threshold', unit: 'none', of: () => ask.stands.explorer.threshold() },
  ]),
};

interface Bucket { events: number; denied: number; score: number | null; bands: Bands | null; channels: ReadonlyMap<Channel, number> }
type Of = (start: Millis) => Bucket | null;

/** One wide frame: an axis of whole hours, and columns for each identity. */
async function series(ask: Ask, rank: (hours: readonly HourPoint[]) => number, columns: (identity: KnownIdentity, of: Of, alone: boolean) => Column<Millis>[], common: Column<Millis>[] = []) {
  const { now, explorer } = ask.stands;
  const since = explorer.hoursSince();
  const step = stepOf(ask, MOST_POINTS, HOUR);
  const from = Math.floor(ask.from / step) * step;
  const to = Math.min(ask.to, Math.max(from, now()) + HOUR);
  const axis: Millis[] = [];
  for (let start = from; start < to; start += step) axis.push(start);
  const { few, series: hours, all } = await fewOf(ask, from, ask.filters.anyIdentity && ask.query.limit == null ? MOST : ask.limit, rank);
  let openFrom: Millis | null = null;
  const shown: Column<Millis>[] = [{ name: 'time', type: 'time', of: (start) => start, config: { interval: step } }];
  few.forEach((identity, i) => {
    const buckets = bucketsOf(hours[i]!.hours, step);
    for (const { start, open } of hours[i]!.hours) if (open) openFrom = Math.min(openFrom ?? Infinity, start);
    shown.push(...columns(identity, (start) => (start < since ? null : buckets.get(start) ?? (isQuiet(identity, start, step, now()) ? QUIET : null)), few.length === 1));
  });
  shown.push(...common);
  const notices = all > few.length ? [`${few.length} of ${all} identities, ${ask.query.kind === 'baseline' ? 'the busiest' : 'those that deviate most'} of the range; filter by identity for others`] : [];
  if (from < since) notices.push(`what was before ${new Date(since).toISOString()} is not kept and reads as no data`);
  if (few.length === 0) notices.push('nobody that was asked for did anything in this range; choose a longer one');
  else if (!few.some(({ ready }) => ready)) notices.push('no band yet: the baseline is still warming');
  // Times without a value are no series: whoever draws them has its own words for nothing.
  return tell(ask, [frameOf(ask.query.kind, table('timeseries-wide', 'graph'), shown, shown.length > 1 ? axis : [])], { total: all, notices, custom: { step, open_from: openFrom } });
}

/** Whether work is expected in a bucket: 1 where one of its looks lies in a declared window, without the grace. */
function scheduled(remit: Remit, step: Millis): (start: Millis) => number {
  return (start) => {
    for (let at = start; at < start + step; at += step / LOOKS) {
      const verdict = remit.schedule(at, 0);
      if (verdict.state === 'inside' && at >= verdict.window.start && at < verdict.window.end) return 1;
    }
    return 0;
  };
}

function eventsOf(hours: readonly HourPoint[]): number {
  return hours.reduce((sum, { events }) => sum + events, 0);
}

const QUIET: Bucket = { events: 0, denied: 0, score: null, bands: null, channels: new Map() };

/** It was known by then, and nothing came of it. What is not over yet is not known. */
function isQuiet({ first }: KnownIdentity, start: Millis, step: Millis, now: Millis): boolean {
  return first !== null && start + step > first && start < now;
}

function bucketsOf(hours: readonly HourPoint[], step: Millis): Map<Millis, Bucket> {
  const buckets = new Map<Millis, Bucket>();
  for (const { start, events, denied, score, bands, channels } of hours) {
    const bucket = Math.floor(start / step) * step;
    const known = buckets.get(bucket);
    if (!known) buckets.set(bucket, { events, denied, score, bands, channels: new Map(channels) });
    else {
      known.events += events;
      known.denied += denied;
      if (score !== null) known.score = Math.max(known.score ?? score, score);
      known.bands = known.bands && bands ? { p50: known.bands.p50 + bands.p50, p95: known.bands.p95 + bands.p95, p99: known.bands.p99 + bands.p99 } : null;
      known.channels = strongest(known.channels, channels);
    }
  }
  return buckets;
}

function strongest(known: Bucket['channels'], more: HourPoint['channels']): Bucket['channels'] {
  if (more.length === 0) return known;
  const all = new Map(known);
  for (const [channel, digits] of more) all.set(channel, Math.max(all.get(channel) ?? 0, digits));
  return all;
}

function value({ urn, remit }: KnownIdentity, name: string, title: string, unit: string, of: (start: Millis) => number | null, more: Record<string, string> = {}): Column<Millis> {
  const labels: NonNullable<FrameField['labels']> = { identity: urn, ...more };
  if (remit?.record.owner !== undefined) labels['owner'] = remit.record.owner;
  return { name, type: 'number', title: `${title} ${urn}`, unit, labels, of };
}
