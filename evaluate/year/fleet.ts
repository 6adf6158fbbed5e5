import { Calendar, cronOf, DAY, HOUR, MINUTE } from './calendar.ts';
import type { Days, Times } from './calendar.ts';
import { Random } from './random.ts';

/** A window of a job as it is declared, lengths in milliseconds. */
export interface Declared { days: Days; times: Times; duration: number; graceBefore: number; graceAfter: number; retry: number }
/** A window as it comes true: work starts in [`opens`, `over`), graces and retries included. */
export interface Occurrence { start: number; end: number; opens: number; over: number; declared: Declared; repeated: boolean }
export interface Blackout { from: number; to: number }
/** A scheduled identity. `skew` is how far its clock is off; `occurrences` are in order of their starts. */
export interface Job {
  urn: string; name: string; source: 'aws-cloudtrail' | 'k8s-audit'; zone: string; team: string; skew: number;
  windows: readonly Declared[]; blackouts: readonly Blackout[]; occurrences: readonly Occurrence[];
}
/** An identity that works all day and keeps its feed going. */
export interface Service { urn: string; name: string; source: Job['source'] }
/** `pulse`: how often its services work. */
export interface Fleet { year: number; pulse: number; zones: readonly string[]; jobs: readonly Job[]; services: readonly Service[]; changes: { zone: string; at: number; by: number }[] }

export const ZONES = ['Europe/Berlin', 'America/New_York'] as const;
export const ACCOUNT = '111122223333';
export const CLUSTER = 'prod';
export const TEAMS = ['payments', 'search', 'logistics', 'platform', 'reporting'] as const;
/** Clocks are off by at most this much, either way. */
export const SKEW = MINUTE;

/** How full the year is. `nights`: all jobs run in the hours in which clocks change, which leaves most of the year empty and soon judged. */
export interface Fullness { pulse: number; nights: boolean }
export const WHOLE: Fullness = { pulse: HOUR / 2, nights: false };
export const SPARSE: Fullness = { pulse: 5 * HOUR, nights: true };

/** A fleet of so many scheduled identities, half in each zone; the same for the same seed. */
export function makeFleet(identities: number, seed: number, year: number, { pulse, nights }: Fullness = WHOLE): Fleet {
  const random = new Random(seed);
  const calendars = ZONES.map((zone) => new Calendar(zone, year));
  const jobs: Job[] = [];
  for (let i = 0; i < identities; i++) {
    const name = `job-${String(i + 1).padStart(4, '0')}`;
    const source = random.chance(0.7) ? 'aws-cloudtrail' as const : 'k8s-audit' as const;
    const windows = random.pick(i < ALL.length ? [ALL[i]!] : MIX)(random, nights);
    const blackouts = random.chance(0.6) ? blackoutsOf(random, year) : [];
    jobs.push({
      urn: urnOf(source, name), name, source, zone: ZONES[i % 2]!, team: TEAMS[i % TEAMS.length]!, skew: random.between(-SKEW, SKEW), windows, blackouts,
      occurrences: windows.flatMap((window) => occurrencesOf(window, calendars[i % 2]!)).sort((a, b) => a.start - b.start || a.end - b.end),
    });
  }
  const services = (['aws-cloudtrail', 'k8s-audit'] as const).map((source, i) => ({ urn: urnOf(source, `always-${i + 1}`), name: `always-${i + 1}`, source }));
  const changes = ZONES.flatMap((zone, i) => calendars[i]!.changes().map((change) => ({ zone, ...change })));
  return { year, pulse, zones: ZONES, jobs, services, changes };
}

/** The inventory of the fleet, as a file: JSON, which YAML reads. */
export function inventoryOf(fleet: Fleet): string {
  const span = (length: number): string => `${length / MINUTE}m`;
  const instant = (at: number): string => new Date(at).toISOString();
  const record = (urn: string, team: string) => ({ urn, kind: 'service_account', owner: team, purpose: 'a scheduled job', criticality: 'medium' });
  return JSON.stringify({
    version: 1,
    owners: TEAMS.map((team, i) => ({ team, enforce: i % 2 === 0 })),
    identities: [
      ...fleet.jobs.map(({ urn, team, zone, windows, blackouts }) => ({
        ...record(urn, team),
        schedule: {
          windows: windows.map(({ days, times, duration, graceBefore, graceAfter, retry }) => ({
            cron: cronOf(days, times), timezone: zone, duration: span(duration), grace_before: span(graceBefore), grace_after: span(graceAfter),
            ...retry === 0 ? {} : { retry_until: span(retry) },
          })),
          blackouts: blackouts.map(({ from, to }) => ({ from: instant(from), to: instant(to), reason: 'change freeze' })),
        },
      })),
      ...fleet.services.map(({ urn }) => ({ ...record(urn, TEAMS[0]), schedule: { always_on: true } })),
    ],
  });
}

function urnOf(source: Job['source'], name: string): string {
  return source === 'aws-cloudtrail' ? `urn:nhi:aws:${ACCOUNT}:role/${name}` : `urn:nhi:k8s:${CLUSTER}:service_account/jobs/${name}`;
}

function occurrencesOf(declared: Declared, calendar: Calendar): Occurrence[] {
  return calendar.runs(declared.days, declared.times).map(({ first, last }) => {
    const end = last + declared.duration;
    return {
      start: first, end, opens: first - declared.graceBefore, over: Math.max(end + declared.graceAfter, last + declared.retry), declared, repeated: first !== last,
    };
  });
}

function blackoutsOf(random: Random, year: number): Blackout[] {
  const from = Date.UTC(year, 11, 23) + random.between(0, 47) * 30 * MINUTE;
  const freeze = { from, to: from + random.between(2, 10) * DAY + random.between(0, 20) * HOUR };
  if (random.chance(0.5)) return [freeze];
  const summer = Date.UTC(year, random.between(3, 8), random.between(1, 28)) + random.between(0, 47) * 30 * MINUTE;
  return [{ from: summer, to: summer + random.between(6, 120) * HOUR }, freeze];
}

// -------------------------------------------------------------- kinds of schedules

type Make = (random: Random, nights: boolean) => Declared[];

function declared(random: Random, days: Days, times: Times, longest: number): Declared {
  const duration = random.pick([10, 15, 30, 45, 60, 90, 120, 180].filter((length) => length <= longest)) * MINUTE;
  return {
    days, times, duration, graceBefore: random.pick([2, 5, 5, 5, 10]) * MINUTE, graceAfter: random.pick([2, 5, 5, 5, 15]) * MINUTE,
    retry: longest > 60 && random.chance(0.15) ? duration + random.pick([30, 60, 120]) * MINUTE : 0,
  };
}

/** Many at night, where the clocks change. */
function timeOf(random: Random, nights: boolean): Times {
  return { hours: [nights || random.chance(0.5) ? random.between(0, 3) : random.between(0, 23)], minute: random.pick([0, 0, 5, 15, 20, 30, 30, 45, 50]) };
}

const daily: Make = (random, nights) => [declared(random, { every: 'day' }, timeOf(random, nights), 180)];
const working: Make = (random, nights) => [declared(random, { weekdays: [1, 2, 3, 4, 5] }, timeOf(random, nights), 180)];
const weekly: Make = (random, nights) => [declared(random, { weekdays: [random.chance(0.6) ? 0 : random.between(0, 6)] }, timeOf(random, nights), 180)];
const monthly: Make = (random, nights) => [declared(random, { day: random.pick([1, 1, 2, 15, 28, 31, -1]) }, timeOf(random, nights), 180)];
const yearly: Make = (random, nights) => [declared(random, { month: random.between(1, 12), day: random.between(1, 28) }, timeOf(random, nights), 180)];
const hourly: Make = (random) => [declared(random, { every: 'day' }, { hours: 'all', minute: random.pick([0, 10, 30]) }, 15)];
const sundays: Make = (random) => [declared(random, { weekdays: [0] }, { hours: 'all', minute: random.pick([0, 30]) }, 15)];
const fourHourly: Make = (random) => [declared(random, { every: 'day' }, { hours: [0, 4, 8, 12, 16, 20], minute: random.pick([0, 15, 30]) }, 60)];
const twice: Make = (random) => [declared(random, { every: 'day' }, { hours: [2, 14], minute: random.pick([0, 30]) }, 90)];
const nightAndMonth: Make = (random) => [
  declared(random, { every: 'day' }, { hours: [2], minute: 30 }, 45), declared(random, { day: 1 }, { hours: [9], minute: 0 }, 180),
];
const monthAndYear: Make = (random) => [
  declared(random, { day: -1 }, { hours: [22], minute: 0 }, 90), declared(random, { month: 3, day: 26 }, { hours: [2], minute: 30 }, 60),
];

/** One of each first, so that a small fleet has them all; then by their shares. */
const ALL: readonly Make[] = [daily, daily, working, working, weekly, weekly, monthly, monthly, yearly, yearly, sundays, nightAndMonth, nightAndMonth, monthAndYear, monthAndYear];
const MIX: readonly Make[] = [
  ...Array<Make>(44).fill(daily), ...Array<Make>(16).fill(working), ...Array<Make>(12).fill(weekly), ...Array<Make>(11).fill(monthly), ...Array<Make>(3).fill(yearly),
  ...Array<Make>(1).fill(hourly), ...Array<Make>(2).fill(fourHourly), ...Array<Make>(3).fill(twice), ...Array<Make>(4).fill(nightAndMonth), ...Array<Make>(4).fill(monthAndYear),
];
