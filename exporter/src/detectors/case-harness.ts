import { readFileSync } from 'node:fs';
import type {
  Detector, EventRef, Exception, FleetView, HourScore, HourView, Inventory, NhiEvent, Remit, RunView, Signal, View,
} from '@remit/contract';
import { CHANNELS, sensitivity, VIOLATIONS } from '@remit/contract';
import { parse } from 'yaml';
import { z } from 'zod';
import { finish } from '../lib/steps.ts';
import { judgeChains, judged } from './case-chains.ts';
import { compactEventSchema, nativeEventSchema, toEvent } from './case-event.ts';
import type { CompactEvent, NativeEvent } from './case-event.ts';
import { outcome, target } from './phrases.ts';

/**
 * Runs `cases.yml` of a detector: each case is an inventory in its real form, some events, and what comes of them: `fires`
 * (findings, each with any fields to compare), `silenced` (the same, with the exception that hides it) or `quiet` (why).
 * Findings are signals joined by identity, subject and bucket, as the service joins them.
 */
export interface CaseResult { identity: string; subject: string; bucket: string; severity: string; certain: boolean; events: number; expected: string; observed: string; exception?: string; signals: Signal[] }

const expectedSchema = z.strictObject({
  identity: z.string().optional(), subject: z.string().optional(), bucket: z.string().optional(),
  severity: z.enum(['critical', 'warning', 'info']).optional(),
  certain: z.boolean().optional(),
  /** Events that belong to the finding: its signals, or what the signal of a chain counts. */
  events: z.int().optional(),
  /** Part of the reason's phrases. */
  expected: z.string().optional(), observed: z.string().optional(), exception: z.string().optional(),
});
export type ExpectedFinding = z.infer<typeof expectedSchema>;

/** What was learned before: so many runs of these calls, an hour between two. */
const historySchema = z.array(z.strictObject({ runs: z.int().min(1).max(500), events: z.array(compactEventSchema).min(1) }));

/** What the scorer says of every hour of the case. */
const scoreSchema = z.strictObject({
  score: z.number(), channel: z.enum(CHANNELS).nullable().default(null), day: z.number().default(0), since: z.iso.date().default('2026-09-01'),
  parts: z.array(z.strictObject({
    habit: z.string(), channel: z.enum(CHANNELS), calibrated: z.number(), observed: z.number(), expected: z.number(),
    text: z.strictObject({ expected: z.string(), observed: z.string(), peers: z.string().optional() }),
  })).default([]),
});

const caseSchema = z.strictObject({
  name: z.string(), identity: z.string().optional(), inventory: z.unknown().optional(), history: historySchema.optional(),
  /** What the baseline says, and whether its hours are closing: readiness, thresholds, the score, ways of leaving the remit and the level at the close. Warming unless given. */
  baseline: z.strictObject({
    ready: z.boolean().default(true), closing: z.boolean().default(false), threshold: z.number().default(4), day_threshold: z.number().default(4), score: scoreSchema.optional(),
    violations: z.partialRecord(z.enum(VIOLATIONS), z.int()).optional(), level: z.strictObject({ ratio: z.number(), drifted: z.boolean(), approved: z.iso.date() }).optional(),
  }).optional(),
  /** When the fleet is looked at, and up to when its feeds have come (null: one is silent): at the last event unless given. */
  now: z.iso.datetime({ offset: true }).optional(), complete: z.iso.datetime({ offset: true }).nullable().optional(),
  events: z.array(z.union([compactEventSchema, nativeEventSchema])).min(1),
  fires: z.array(expectedSchema).min(1).optional(), silenced: z.array(expectedSchema).min(1).optional(), quiet: z.string().optional(),
}).refine((one) => [one.fires, one.silenced, one.quiet].filter((part) => part !== undefined).length === 1,
  'a case has exactly one of fires, silenced and quiet');
export type Case = Omit<z.infer<typeof caseSchema>, 'events'> & { events: (CompactEvent | NativeEvent)[] };

const fileSchema = z.strictObject({
  /** URN of the identity whose events these are, unless a case or an event says otherwise. */
  identity: z.string(), inventory: z.unknown().optional(), history: historySchema.optional(), cases: z.array(caseSchema).min(3),
});
export type CaseFile = z.infer<typeof fileSchema>;

/** Reads a `cases.yml`; throws with the path of the wrong field. */
export function readCases(path: string): CaseFile {
  const parsed = fileSchema.safeParse(parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}\n${z.prettifyError(parsed.error)}`);
  const { cases } = parsed.data;
  // Named here, so that a case keeps its names in any order.
  for (const { events } of cases) events.forEach((event, index) => { if (!('record' in event)) event.id ??= `event-${index + 1}`; });
  return parsed.data;
}

/** What of the service a case runs with: its inventory, its sources, and what it learns of runs that are over. */
export interface Service {
  load(inventory: unknown): Inventory; normalise(source: string, record: unknown): NhiEvent[];
  /** Judges the runs of `events` by those of `history`. `event`: one of the run. */
  runs?(history: readonly NhiEvent[], events: readonly NhiEvent[], inventory: Inventory): { urn: string; run: RunView; event: NhiEvent }[];
}

const PAST = new WeakMap<object, NhiEvent[]>();

/** The events of a history, the same list each time it is asked for. */
function pastOf(history: NonNullable<CaseFile['history']>, identity: string): NhiEvent[] {
  const known = PAST.get(history);
  if (known !== undefined) return known;
  const events = history.flatMap(({ runs, events: calls }) => Array.from({ length: runs }, (_, n) => calls.map((call, index) => toEvent(numbered(call, n), identity, index)))).flat();
  PAST.set(history, events);
  return events;
}

/** The nth of many runs: an hour after the one before, with a trace of its own; `#` in what is passed is its number. */
function numbered(call: CompactEvent, n: number): CompactEvent {
  const at = new Date(Date.parse(call.at) + n * HOUR).toISOString();
  const passes = call.passes === undefined ? {} : { passes: JSON.parse(JSON.stringify(call.passes).replaceAll('#', String(n))) as NonNullable<CompactEvent['passes']> };
  return { ...call, ...passes, at, trace: `${call.trace ?? 'run'}-${n}`, id: `history-${call.tool}-${call.purpose}-${call.at}-${n}` };
}

/** Judges the events of a case and joins the signals to findings, in order of identity, subject and bucket. */
export function runCase(detector: Detector, file: CaseFile, one: Case, service: Service): CaseResult[] {
  const inventory = service.load(one.inventory ?? file.inventory ?? {});
  const events = unique(one.events.flatMap((event, index) => ('record' in event
    ? service.normalise(event.source, event.record) : repeated(event).map((each) => toEvent(each, one.identity ?? file.identity, index)))));
  const found: { urn: string; signal: Signal; event: NhiEvent | null; remit: Remit | null }[] = [];
  if (detector.on === 'event') {
    for (const event of events) {
      const view = viewOf(event, events, inventory, one);
      for (const signal of detector.inspect(event, view)) found.push({ urn: view.identity.urn, signal, event, remit: view.remit });
    }
  } else if (detector.on === 'chain') {
    const orphans = new Set(one.events.flatMap((event) => ('record' in event || event.orphan !== true ? [] : [event.id])));
    const looking = {
      inventory, ref: refOf, orphan: (event: NhiEvent) => orphans.has(event.metadata.original_event_uid),
      view: (urn: string, remit: Remit | null, event: NhiEvent) => ({ ...viewOf(event, events, inventory, one), identity: judged(urn, times(urn, events)), remit }),
    };
    for (const signal of judgeChains(detector, events, looking)) found.push({ ...signal, event: null });
  }
  const ofHours = detector.on === 'hour' ? detector : detector.on === 'run' && detector.hour ? { inspect: detector.hour } : null;
  if (ofHours !== null) {
    for (const [event, members] of hoursOf(events)) {
      const view = viewOf(event, events, inventory, one);
      for (const signal of ofHours.inspect(hourView(members, events, view, one), view)) {
        found.push({ urn: view.identity.urn, signal, event: null, remit: view.remit });
      }
    }
  }
  if (detector.on === 'run') {
    for (const { urn, run, event } of service.runs?.(pastOf(one.history ?? file.history ?? [], one.identity ?? file.identity), events, inventory) ?? []) {
      const view = { ...viewOf(event, events, inventory, one), remit: inventory.match([urn], event.time)?.remit ?? null };
      for (const signal of detector.inspect(run, view)) found.push({ urn, signal, event: null, remit: view.remit });
    }
  } else if (detector.on === 'tick') {
    for (const signal of finish(detector.inspect(fleetOf(events, inventory, one)))) {
      found.push({ urn: signal.urn, signal, event: null, remit: inventory.match([signal.urn], signal.at)?.remit ?? null });
    }
  }
  return join(found, detector, inventory);
}

/** A pointer to an event as the pipeline makes it. */
export function refOf(event: NhiEvent): EventRef {
  return {
    uid: event.metadata.original_event_uid, time: event.time, source: event.metadata.source, operation: event.api.operation,
    category: event.action.category, outcome: outcome(event), resource: target(event),
    ...(event.credential?.uid === undefined ? {} : { credential: event.credential.uid }),
  };
}

function join(
  found: readonly { urn: string; signal: Signal; event: NhiEvent | null; remit: Remit | null }[], detector: Detector, inventory: Inventory,
): CaseResult[] {
  const results = new Map<string, CaseResult>();
  for (const { urn, signal, event, remit } of found) {
    const exception = inventory.exception(urn, remit, detector.id, event, signal.at, signal.scope);
    const key = JSON.stringify([urn, signal.subject, signal.bucket, exception?.id ?? null]);
    const severity = signal.severity ?? detector.severity;
    const known = results.get(key);
    if (known === undefined) {
      results.set(key, {
        identity: urn, subject: signal.subject, bucket: signal.bucket, severity, certain: signal.certain ?? detector.certain,
        events: detector.on === 'chain' || detector.on === 'run' ? signal.count ?? 1 : 1, signals: [signal],
        ...signal.reason, ...(exception === null ? {} : { exception: exception.id }),
      });
    } else {
      known.events++;
      known.signals.push(signal);
      if (RANK.indexOf(severity) < RANK.indexOf(known.severity)) known.severity = severity;
    }
  }
  return [...results.values()].sort((a, b) => order(a.identity, b.identity) || order(a.subject, b.subject) || order(a.bucket, b.bucket));
}

const HOUR = 3_600_000;
const RANK = ['critical', 'warning', 'info'];
function order(a: string, b: string): number { return a < b ? -1 : a > b ? 1 : 0; }

function viewOf(event: NhiEvent, events: readonly NhiEvent[], inventory: Inventory, one: Case): View {
  const urn = urnOf(event);
  return {
    identity: judged(urn, times(urn, events)), remit: inventory.match([urn], event.time)?.remit ?? null,
    timeResolution: event.metadata.source === 'aws-cloudtrail' ? 1000 : 1,
    ready: one.baseline?.ready ?? false, threshold: one.baseline?.threshold ?? 4, ref: refOf,
    recordOf: (keys, at) => {
      const remit = inventory.match(keys, at)?.remit;
      return remit?.reviewed ? remit : null;
    },
    dataClass: (uid) => inventory.dataClass(uid),
  };
}

function times(urn: string, events: readonly NhiEvent[]): number[] {
  return events.filter((event) => urnOf(event) === urn).map(({ time }) => time);
}

function repeated(event: CompactEvent): CompactEvent[] {
  const times = event.times ?? 1;
  return times === 1 ? [event] : Array.from({ length: times }, (_, n) => ({ ...event, id: `${event.id}-${n}` }));
}

/** Every event once, as the service counts them. */
function unique(events: readonly NhiEvent[]): NhiEvent[] {
  return [...new Map(events.map((event) => [`${event.metadata.source} ${event.metadata.original_event_uid}`, event])).values()];
}

/** The events of each identity-hour, with one of them for the view. */
function hoursOf(events: readonly NhiEvent[]): [NhiEvent, NhiEvent[]][] {
  const hours = new Map<string, NhiEvent[]>();
  for (const event of events) {
    const key = `${urnOf(event)} ${Math.floor(event.time / 3_600_000)}`;
    hours.set(key, [...hours.get(key) ?? [], event]);
  }
  return [...hours.values()].map((members) => [members[0] as NhiEvent, members]);
}

function scoreOf({ baseline }: Case): HourScore | null {
  if (baseline?.score === undefined) return null;
  const { score, channel, day, since, parts } = baseline.score;
  return {
    score, channel, day, since: Date.parse(since), held: false, readiness: baseline.ready ? 'ready' : 'warming', channels: channel === null ? [] : [{ id: channel, calibrated: score }],
    parts: parts.map((part) => ({ ...part, raw: part.calibrated })) as HourScore['parts'],
  };
}

function hourView(members: readonly NhiEvent[], events: readonly NhiEvent[], view: View, one: Case): HourView {
  const sorted = [...members].sort((a, b) => a.time - b.time);
  const categories = new Map<string, { count: number; unapproved: number; vain: number; unapprovedVain: number; first: number; last: number; evidence: EventRef[] }>();
  for (const event of sorted) {
    const target = event.resources?.[0];
    const word = sensitivity(event, view.remit?.restricted(target?.uid ?? target?.name ?? '') ?? false);
    if (word === null) continue;
    const known = categories.get(word) ?? { count: 0, unapproved: 0, vain: 0, unapprovedVain: 0, first: event.time, last: event.time, evidence: [] };
    known.count++;
    const outside = view.remit?.reviewed === true && event.privilege?.used?.some((used) => view.remit?.action(used) === 'outside') === true;
    const vain = outcome(event) !== 'success';
    known.unapproved += Number(outside);
    known.vain += Number(vain);
    known.unapprovedVain += Number(outside && vain);
    known.last = event.time;
    known.evidence.push(refOf(event));
    categories.set(word, known);
  }
  const first = sorted[0]?.time ?? 0;
  return {
    start: first - (first % 3_600_000), closing: one.baseline?.closing ?? false, events: members.length,
    first, last: sorted.at(-1)?.time ?? 0, denied: members.filter((event) => event.outcome.denied).length, categories,
    score: scoreOf(one), dayThreshold: one.baseline?.day_threshold ?? 4, violations: one.baseline?.violations ?? null,
    level: one.baseline?.level === undefined ? null : { ...one.baseline.level, approved: Date.parse(one.baseline.level.approved) },
    evidence: sorted.slice(0, 5).map(refOf), silence: silenceBefore(first - (first % HOUR), events.filter((event) => urnOf(event) === view.identity.urn)),
  };
}

/** Pauses between the hours before this one in which something was not refused. */
function silenceBefore(start: number, own: readonly NhiEvent[]): { since: number | null; longest: number; refused: number } {
  const hours = own.filter((event) => !event.outcome.denied).map(({ time }) => time - (time % HOUR)).filter((at) => at < start).sort((a, b) => a - b);
  let longest = 0;
  hours.forEach((at, index) => { if (index > 0) longest = Math.max(longest, at - hours[index - 1]! - HOUR); });
  const since = hours.length === 0 ? null : hours.at(-1)! + HOUR;
  return { since, longest, refused: own.filter(({ time, outcome: { denied } }) => denied && time < start && time >= (since ?? -Infinity)).length };
}

function fleetOf(events: readonly NhiEvent[], inventory: Inventory, one: Case): FleetView {
  const urns = [...new Set(events.map(urnOf))];
  const newest = Math.max(...events.map((event) => event.time));
  const now = one.now === undefined ? newest : Date.parse(one.now);
  const complete = one.complete === undefined ? newest : one.complete === null ? -Infinity : Date.parse(one.complete);
  return {
    now, inventory,
    * each(visit) {
      for (const urn of urns) {
        const own = events.filter((event) => urnOf(event) === urn);
        visit({
          ...judged(urn, times(urn, events)), inventoried: inventory.match([urn], own[0]?.time ?? 0) !== null,
          sensitive: own.some((event) => sensitivity(event, false) !== null), events: own.length, evidence: own.map(refOf),
          remit: reviewed(inventory, urn, now), complete,
          scheduledSince: -Infinity, active: (from, to) => own.some(({ time }) => time >= from && time < to),
          recreatedFrom: /^urn:nhi:(aws|k8s):.*@[^/]*$/.test(urn) ? urn.replace(/@[^/@]*$/, '') : null,
        });
        yield;
      }
    },
    reliedOn: () => reliedOn(events, inventory),
  };
}

/** Every event counts as one that the detector of an exception speaks of; of those that ended, what they would have hidden. */
function reliedOn(events: readonly NhiEvent[], inventory: Inventory): ReturnType<FleetView['reliedOn']> {
  const relied = new Map<string, { exception: Exception; urn: string; count: number; first: number; last: number }>();
  for (const event of [...events].sort((a, b) => a.time - b.time)) {
    const urn = urnOf(event);
    const remit = reviewed(inventory, urn, event.time);
    for (const detector of new Set(inventory.exceptions().map(({ exception }) => exception.detector))) {
      const exception = inventory.expired(urn, remit, detector, event, event.time);
      if (exception === null || exception.detector !== detector) continue;
      const known = relied.get(exception.id) ?? { exception, urn, count: 0, first: event.time, last: event.time };
      relied.set(exception.id, { ...known, urn, count: known.count + 1, last: event.time });
    }
  }
  return relied.values();
}

function reviewed(inventory: Inventory, urn: string, at: number): Remit | null {
  const hit = inventory.match([urn], at);
  return hit?.remit.reviewed ? hit.remit : null;
}

function urnOf(event: NhiEvent): string { return event.actor.identity.urn ?? ''; }
