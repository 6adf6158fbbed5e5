import type { IdentityRecord, ScheduleWindow } from '@remit/contract';
import { closest } from '../lib/closest.ts';
import { formatDuration, parseDuration } from '../lib/duration.ts';
import { Zone } from '../lib/zone.ts';
import { cronProblem } from './cron-times.ts';
import { remembered } from './notes.ts';
import type { Note } from './notes.ts';
import type { Path } from './parse.ts';
import { LONGEST_WINDOW } from './schedule.ts';
import { parseBytes } from './volume.ts';

/** Notes times of a record that end before they begin, windows that never open, durations beyond reason, limits without a number. */
export function checkTimes(record: IdentityRecord, note: Note): void {
  record.aliases?.forEach((alias, i) => {
    if (alias.valid_from !== undefined && alias.valid_to !== undefined && !inOrder(alias.valid_from, alias.valid_to)) {
      note('error', ['aliases', i, 'valid_to'], 'the alias ends before it begins', 'valid_to is the first instant at which the name is free again');
    }
  });
  record.schedule?.windows?.forEach((window, i) => checkWindow(window, ['schedule', 'windows', i], note));
  record.schedule?.blackouts?.forEach(({ from, to }, i) => {
    if (!inOrder(from, to)) note('error', ['schedule', 'blackouts', i, 'to'], 'the blackout ends before it begins', 'swap from and to');
  });
  checkRotation(record.rotation, ['rotation'], note);
  checkCredentials(record.credentials, note);
  checkDuration(record.grace, ['grace'], note);
  checkDuration(record.review_interval, ['review_interval'], note);
  checkDuration(record.baseline?.warmup, ['baseline', 'warmup'], note);
  record.max_volume?.forEach((limit, i) => checkVolume(limit, ['max_volume', i], note));
}

/** Notes a duration that is longer than 100 years. */
export function checkDuration(text: string | undefined, path: Path, note: Note): void {
  if (text !== undefined && parseDuration(text) === null) note('error', path, `${String(path.at(-1))} is longer than 100 years`, 'a duration such as 90d');
}

/** Whether a time lies before another; both are RFC 3339. */
export function inOrder(from: string, to: string): boolean {
  return Date.parse(from) < Date.parse(to);
}

function checkWindow(window: ScheduleWindow, path: Path, note: Note): void {
  const cron = faultOfCron(window.cron);
  if (cron !== null) note('error', [...path, 'cron'], cron, 'for example "30 2 * * 1-5": at 02:30 from Monday to Friday');
  if (window.timezone === undefined) {
    if (!EVERY_HOUR.test(window.cron)) note('warning', path, 'the window names no time zone: its times are taken as UTC', 'add timezone: UTC to say so, or the zone of the scheduler, for example Europe/Berlin');
  } else if (!isZone(window.timezone)) {
    const near = closest(window.timezone, [...Intl.supportedValuesOf('timeZone'), 'UTC']);
    note('error', [...path, 'timezone'], `there is no time zone ${JSON.stringify(window.timezone)}`,
      near === null ? 'a name of the tz database, for example Europe/Berlin, or UTC' : `did you mean ${near}?`);
  }
  for (const field of ['duration', 'grace_before', 'grace_after', 'retry_until'] as const) {
    const text = window[field];
    if (text === undefined) continue;
    const millis = parseDuration(text);
    if (millis === null || millis > LONGEST_WINDOW) note('error', [...path, field], `${field} is longer than 31 days`, 'use always_on for work that never ends');
    else if (field === 'duration' && millis === 0) note('error', [...path, field], 'the window has no length', 'a duration such as 30m: work must start inside it');
  }
}

/** Runs in every hour of every day: no zone changes what it means. */
const EVERY_HOUR = /^\s*\S+(\s+\*){4}\s*$/;

function checkCredentials(credentials: IdentityRecord['credentials'], note: Note): void {
  const seen = new Set<string>();
  credentials?.forEach(({ uid, created, expires, rotation }, i) => {
    if (created !== undefined && expires !== undefined && !inOrder(created, expires)) {
      note('error', ['credentials', i, 'expires'], 'the credential expires before it is created', 'swap created and expires');
    }
    checkRotation(rotation, ['credentials', i, 'rotation'], note);
    if (seen.has(uid)) note('warning', ['credentials', i, 'uid'], `the credential ${JSON.stringify(uid.slice(0, 128))} is listed twice`, 'keep one entry for a credential');
    seen.add(uid);
  });
}

function checkRotation(rotation: IdentityRecord['rotation'], path: Path, note: Note): void {
  if (rotation === undefined) return;
  if (rotation.window !== undefined) checkWindow(rotation.window, [...path, 'window'], note);
  for (const field of ['interval', 'grace', 'overlap'] as const) checkDuration(rotation[field], [...path, field], note);
  const { interval, overlap, method, names = [], approved_rotators: rotators = [] } = rotation;
  if (interval !== undefined && parseDuration(interval) === 0) note('error', [...path, 'interval'], 'the interval has no length', 'a duration such as 90d');
  if (method === 'controller' && names.length === 0) {
    note('warning', [...path, 'method'], 'a controller without names may write every secret at any time', 'add names: with patterns of the secrets that it keeps');
  }
  if (interval !== undefined && overlap !== undefined && parseDuration(interval)! > 0 && parseDuration(overlap)! >= parseDuration(interval)!) {
    note('warning', [...path, 'overlap'], `an overlap of ${overlap} is as long as the interval: the old credential is never missed`, `a time shorter than ${interval}, for example 1d`);
  }
  rotators.forEach((pattern, i) => {
    if (!/^(?:[*?]|urn:)/.test(pattern)) {
      note('warning', [...path, 'approved_rotators', i], `${JSON.stringify(pattern.slice(0, 128))} is no pattern over URNs`, 'write the URN of who renews it, for example urn:nhi:aws:111122223333:role/rotator');
    }
  });
}

function checkVolume(limit: NonNullable<IdentityRecord['max_volume']>[number], path: Path, note: Note): void {
  const per = parseDuration(limit.per);
  if (per === null || per > LONGEST_WINDOW) note('error', [...path, 'per'], 'per is longer than 31 days', 'a duration such as 24h or 7d');
  else if (per < 60_000) note('error', [...path, 'per'], `per is shorter than ${formatDuration(60_000)}`, 'a duration such as 1h: any period of that length is summed');
  if (limit.bytes === undefined && limit.rows === undefined && limit.objects === undefined) {
    note('error', path, 'the limit has no number', 'add bytes, rows or objects: { bytes: 2GiB, per: 24h }');
  }
  if (limit.bytes !== undefined && parseBytes(limit.bytes) === null) note('error', [...path, 'bytes'], 'bytes is larger than 8 PiB', 'leave the limit out where there is none');
}

const faultOfCron = remembered(cronProblem);
const isZone = remembered((name) => {
  try {
    new Zone(name);
    return true;
  } catch {
    return false;
  }
});
