import type { Millis } from '@remit/contract';
import { Cron, CronPattern } from 'croner';
import { Zone } from '../lib/zone.ts';

const DAY: Millis = 86_400_000;
const MINUTE: Millis = 60_000;
/** Times are searched for between these; events outside are judged as if they lay on the edge. */
const EARLIEST_DAY = 0;
const LATEST_DAY = Math.floor(Date.UTC(2200, 0, 1) / DAY);
const OCCURRENCES_KEPT = 4096;
const DAYS_KEPT = 64;

/**
 * One run of a cron expression. `last` differs from `first` where the local time is repeated in autumn. `excess`: spring left its time out, and
 * whether the job runs after the gap or not before its next time, since it has others on that day, is up to its scheduler.
 */
export interface Occurrence { first: Millis; last: Millis; excess?: true }
/** The runs next to an instant: `previous.first` ≤ instant < `next.first`. Null where the expression has none. */
export interface Neighbours { previous: Occurrence | null; next: Occurrence | null }

/** Any day: an expression that comes true at all does so within the years croner looks ahead. */
const SOME_DAY = new Date(Date.UTC(2024, 0, 1));

/** What is wrong with a cron expression, as a phrase, or null. Five fields; `@daily` and seconds are not taken. */
export function cronProblem(cron: string): string | null {
  if (cron.trim().split(/\s+/).length !== 5) return 'a cron expression has five fields: minute, hour, day of month, month, day of week';
  try {
    new CronPattern(cron.trim(), undefined, { mode: '5-part' });
    return new Cron(cron.trim(), { mode: '5-part', timezone: 'UTC', paused: true, domAndDow: meetDays(cron) }).nextRun(SOME_DAY) ? null : 'the cron expression never comes true';
  } catch (error) {
    return `the cron expression cannot be read: ${(error as Error).message.replace(/^CronPattern: /, '').slice(0, 200)}`;
  }
}

/**
 * Whether a day must fit both the day of month and the day of week, as crontab has it where one of the two begins with a star (every other
 * day and a Monday: both); where neither does, one of them is enough.
 */
function meetDays(cron: string): boolean {
  const [, , month, , week] = cron.trim().split(/\s+/);
  return month?.startsWith('*') === true || week?.startsWith('*') === true;
}

/**
 * The runs of a five-field cron expression in a zone. A local time that is missing in spring runs at the next valid instant, and is owed only by
 * jobs of a single hour; where every hour runs it is left out, as the next one comes anyway. One repeated in autumn is one occurrence over
 * both, except where every hour runs: there each is its own. Days are worked
 * out once and kept (at most about 4,096 runs), so that asking for a known day costs no calendar arithmetic.
 */
export class CronTimes {
  readonly cron: string;
  readonly timezone: string;
  readonly #zone: Zone;
  /** Matches local times as if they were UTC, so that croner decides the calendar and the zone the clock. */
  readonly #local: Cron;
  /** Local times of day at which a matching day runs, ascending. */
  readonly #times: Millis[] = [];
  readonly #everyHour: boolean;
  readonly #hours: number;
  readonly #days = new Map<number, Occurrence[]>();
  #kept = 0;
  #latest: Neighbours | null = null;

  constructor(cron: string, timezone: string) {
    this.cron = cron.trim();
    this.timezone = timezone;
    this.#zone = new Zone(timezone);
    this.#local = new Cron(this.cron, { mode: '5-part', utcOffset: 0, paused: true, domAndDow: meetDays(this.cron) });
    this.#everyHour = /^\S+\s+[*?]/.test(this.cron);
    const pattern = new CronPattern(this.cron, undefined, { mode: '5-part' });
    this.#hours = pattern.hour.filter(Boolean).length;
    for (let hour = 0; hour < 24; hour++) {
      if (!pattern.hour[hour]) continue;
      for (let minute = 0; minute < 60; minute++) if (pattern.minute[minute]) this.#times.push((hour * 60 + minute) * MINUTE);
    }
  }

  around(at: Millis): Neighbours {
    const latest = this.#latest;
    if (latest !== null && latest.previous !== null && latest.next !== null
      && latest.previous.first <= at && at < latest.next.first) return latest;
    return (this.#latest = this.#search(at));
  }

  #search(at: Millis): Neighbours {
    const runs = this.#day(Math.min(LATEST_DAY, Math.max(EARLIEST_DAY, Math.floor(at / DAY))));
    let low = 0;
    let high = runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (runs[middle]!.first <= at) low = middle + 1;
      else high = middle;
    }
    return { previous: runs[low - 1] ?? null, next: runs[low] ?? null };
  }

  /** Runs of a UTC day in order, with at least the one before it and the one after. */
  #day(day: number): Occurrence[] {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const runs = this.#build(day * DAY);
    if (this.#days.size >= DAYS_KEPT || this.#kept > OCCURRENCES_KEPT) {
      this.#days.clear();
      this.#kept = 0;
    }
    this.#days.set(day, runs);
    this.#kept += runs.length;
    return runs;
  }

  #build(opening: Millis): Occurrence[] {
    const closing = opening + DAY;
    // Near a change of the clocks the local day is taken wider, so that no run is missed on either side.
    const slack = Math.abs(this.#zone.offset(closing + DAY) - this.#zone.offset(opening - DAY));
    const from = opening + this.#zone.offset(opening) - slack;
    const to = closing + this.#zone.offset(closing) + slack;
    const walls = this.#walls(from, to);
    const before = this.#local.previousRuns(1, new Date(walls[0] ?? from))[0];
    const after = this.#local.nextRun(new Date(walls.at(-1) ?? to - MINUTE));
    if (before !== undefined) walls.unshift(before.getTime());
    if (after !== null) walls.push(after.getTime());
    return this.#instants(walls);
  }

  /** Local times in [from, to) at which the expression matches. */
  #walls(from: Millis, to: Millis): Millis[] {
    const walls: Millis[] = [];
    for (let day = Math.floor(from / DAY) * DAY; day < to; day += DAY) {
      if (!this.#local.match(new Date(day + this.#times[0]!))) continue;
      for (const time of this.#times) if (day + time >= from && day + time < to) walls.push(day + time);
    }
    return walls;
  }

  #instants(walls: readonly Millis[]): Occurrence[] {
    const runs: Occurrence[] = [];
    for (const wall of walls) {
      const [first, second] = this.#zone.instants(wall) as [Millis, Millis?];
      if (first + this.#zone.offset(first) !== wall) {
        if (!this.#everyHour) runs.push(this.#hours > 1 ? { first, last: first, excess: true } : { first, last: first });
      } else if (second === undefined) runs.push({ first, last: first });
      else if (this.#everyHour) runs.push({ first, last: first }, { first: second, last: second });
      else runs.push({ first, last: second });
    }
    runs.sort((a, b) => a.first - b.first || Number(a.excess ?? false) - Number(b.excess ?? false));
    return runs.filter((run, i) => run.first !== runs[i - 1]?.first);
  }
}
