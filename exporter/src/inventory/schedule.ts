import type { ExpectedRun, IdentityRecord, Millis, ScheduleVerdict, ScheduleWindow, WindowHit } from '@remit/contract';
import { parseDuration } from '../lib/duration.ts';
import { CronTimes } from './cron-times.ts';
import type { Occurrence } from './cron-times.ts';

/** Longest window, grace or retry time that is taken. */
export const LONGEST_WINDOW: Millis = 31 * 86_400_000;

/** Says how the start of a piece of work lies against a schedule; `resolution` is how coarse the source's time is. */
export type Schedule = (at: Millis, resolution: Millis) => ScheduleVerdict;

/** Cron expressions by text and zone, shared by the schedules of one inventory. */
export type CronRegistry = Map<string, CronTimes>;

/** A blackout counts from this much after its beginning until this much before its end: clocks may be a minute off. */
const CLOCKS: Millis = 60_000;
const UNDECLARED: ScheduleVerdict = { state: 'undeclared' };
const ALWAYS: ScheduleVerdict = { state: 'always' };

/**
 * Compiles the schedule of a record. Work is inside when it starts at or after a window's start − `grace_before` and before its
 * end + `grace_after`, or start + `retry_until` if that is later, each widened by the resolution. Windows in verdicts are the
 * declared ones without grace, and `missedBy` is the distance to their edge. A blackout beats a window; at its edges a minute is given.
 */
export function compileSchedule(schedule: IdentityRecord['schedule'], registry: CronRegistry): Schedule {
  const blackouts = (schedule?.blackouts ?? []).map((b) => ({
    from: Date.parse(b.from), to: Date.parse(b.to), reason: b.reason ?? null,
  }));
  const windows = (schedule?.windows ?? []).map((w) => compileWindow(w, registry));
  const judge: Schedule = schedule?.always_on === true ? () => ALWAYS
    : windows.length === 0 ? () => UNDECLARED
      : (at, resolution) => judgeWindows(windows, at, resolution);
  if (blackouts.length === 0) return judge;
  return (at, resolution) => {
    for (const { from, to, reason } of blackouts) {
      const tolerance = Math.min(CLOCKS, (to - from) / 4);
      // The work may have started up to one resolution later than the event says.
      if (at >= from + tolerance && at + Math.max(1, resolution) <= to - tolerance) return { state: 'blackout', from, to, reason };
    }
    return judge(at, resolution);
  };
}

/** When work was expected: see `Remit.expectedRuns`. */
export type ExpectedRuns = (from: Millis, to: Millis, most: number) => readonly ExpectedRun[];

/** Compiles when the work of a schedule is expected: in its windows, save those that a blackout touches. */
export function compileExpectedRuns(schedule: IdentityRecord['schedule'], registry: CronRegistry): ExpectedRuns {
  if (schedule?.always_on === true || !schedule?.windows?.length) return () => [];
  const windows = schedule.windows.map((w) => compileWindow(w, registry));
  const blackouts = (schedule.blackouts ?? []).map((b) => ({ from: Date.parse(b.from), to: Date.parse(b.to) }));
  let last: { from: Millis; to: Millis; most: number; runs: readonly ExpectedRun[] } | null = null;
  return (from, to, most) => {
    // A look at the fleet asks the same for everybody who shares the schedule.
    if (last !== null && last.from === from && last.to === to && last.most === most) return last.runs;
    let runs = windows.flatMap((window) => backwards(window, blackouts, from, to, most));
    if (windows.length > 1) runs = runs.sort((a, b) => b.over - a.over || b.start - a.start).slice(0, most);
    last = { from, to, most, runs };
    return runs;
  };
}

function backwards(window: Window, blackouts: readonly { from: Millis; to: Millis }[], from: Millis, to: Millis, most: number): ExpectedRun[] {
  const runs: ExpectedRun[] = [];
  const rest = Math.max(window.duration + window.graceAfter, window.retry);
  let cursor = to - rest;
  while (runs.length < most) {
    const { previous } = window.times.around(cursor);
    if (previous === null || previous.last + rest <= from) break;
    const blackout = blackouts.find((b) => previous.first < b.to && b.from < previous.last + window.duration);
    // A time that is repeated in autumn has begun once and is not over yet.
    if (blackout === undefined && previous.excess !== true && previous.last + rest <= to) {
      runs.push({ ...hit(window, previous), opens: previous.first - window.graceBefore, over: previous.last + rest });
    }
    cursor = Math.min(previous.first, blackout === undefined ? Infinity : blackout.from - window.duration) - 1;
  }
  return runs;
}

interface Window { times: CronTimes; duration: Millis; graceBefore: Millis; graceAfter: Millis; retry: Millis }

function compileWindow(window: ScheduleWindow, registry: CronRegistry): Window {
  const zone = window.timezone ?? 'UTC';
  const key = `${window.cron}\0${zone}`;
  let times = registry.get(key);
  if (times === undefined) registry.set(key, (times = new CronTimes(window.cron, zone)));
  const millis = (text: string | undefined): Millis => (text === undefined ? 0 : parseDuration(text)!);
  return {
    times, duration: millis(window.duration), graceBefore: millis(window.grace_before),
    graceAfter: millis(window.grace_after), retry: millis(window.retry_until),
  };
}

function judgeWindows(windows: readonly Window[], at: Millis, resolution: Millis): ScheduleVerdict {
  let nearest: { window: Window; run: Occurrence; side: 'before' | 'after' } | null = null;
  let missedBy = Infinity;
  for (const window of windows) {
    // All windows of one expression are equally long: if the latest that may have begun is over, so are those before it.
    const { previous, next } = window.times.around(at + window.graceBefore + resolution);
    if (previous !== null) {
      const end = previous.last + window.duration;
      const latest = Math.max(end + window.graceAfter, previous.last + window.retry);
      if (at < latest + resolution) return { state: 'inside', window: hit(window, previous) };
      if (at - end < missedBy) [nearest, missedBy] = [{ window, run: previous, side: 'after' }, at - end];
    }
    if (next !== null && next.first - at < missedBy) {
      [nearest, missedBy] = [{ window, run: next, side: 'before' }, next.first - at];
    }
  }
  if (nearest === null) return { state: 'outside', nearest: null, side: 'after', missedBy: 0 };
  return { state: 'outside', nearest: hit(nearest.window, nearest.run), side: nearest.side, missedBy };
}

function hit({ times, duration }: Window, run: Occurrence): WindowHit {
  return { start: run.first, end: run.last + duration, cron: times.cron, timezone: times.timezone };
}
