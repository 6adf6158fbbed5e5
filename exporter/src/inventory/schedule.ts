import type { IdentityRecord, Millis, ScheduleVerdict, ScheduleWindow, WindowHit } from '@remit/contract';
import { parseDuration } from '../lib/duration.ts';
import { CronTimes } from './cron-times.ts';
import type { Occurrence } from './cron-times.ts';

/** Longest window, grace or retry time that is taken. */
export const LONGEST_WINDOW: Millis = 31 * 86_400_000;

/** Says how the start of a piece of work lies against a schedule; `resolution` is how coarse the source's time is. */
export type Schedule = (at: Millis, resolution: Millis) => ScheduleVerdict;

/** Cron expressions by text and zone, shared by the schedules of one inventory. */
export type CronRegistry = Map<string, CronTimes>;

const UNDECLARED: ScheduleVerdict = { state: 'undeclared' };
const ALWAYS: ScheduleVerdict = { state: 'always' };

/**
 * Compiles the schedule of a record. Work is inside when it starts at or after a window's start − `grace_before` and before its
 * end + `grace_after`, or start + `retry_until` if that is later, each widened by the resolution. Windows in verdicts are the
 * declared ones without grace, and `missedBy` is the distance to their edge. A blackout beats a window.
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
      // The work may have started up to one resolution later than the event says.
      if (at >= from && at + Math.max(1, resolution) <= to) return { state: 'blackout', from, to, reason };
    }
    return judge(at, resolution);
  };
}

/** The window that was over last at a time, its grace included; null where none is declared or none has been. */
export function compileLastWindow(schedule: IdentityRecord['schedule'], registry: CronRegistry): (before: Millis) => WindowHit | null {
  if (schedule?.always_on === true) return () => null;
  const windows = (schedule?.windows ?? []).map((w) => compileWindow(w, registry));
  return (before) => {
    let last: WindowHit | null = null;
    for (const window of windows) {
      const rest = Math.max(window.duration + window.graceAfter, window.retry);
      const { previous } = window.times.around(before - rest);
      if (previous !== null && (last === null || previous.last + window.duration > last.end)) last = hit(window, previous);
    }
    return last;
  };
}

interface Window { times: CronTimes; duration: Millis; graceBefore: Millis; graceAfter: Millis; retry: Millis }

function compileWindow(window: ScheduleWindow, registry: CronRegistry): Window {
  const key = `${window.cron}\0${window.timezone}`;
  let times = registry.get(key);
  if (times === undefined) registry.set(key, (times = new CronTimes(window.cron, window.timezone)));
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
