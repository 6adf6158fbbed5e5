import type { IdentityRecord, Millis, Rotation } from '@remit/contract';
import { parseDuration } from '../lib/duration.ts';
import { GlobSet } from '../lib/glob.ts';
import { compileSchedule } from './schedule.ts';
import type { CronRegistry } from './schedule.ts';

/**
 * Compiles the rotation of an identity and of its credentials: a credential that has one of its own is renewed by that alone.
 * Null where nothing is declared. Names and rotators keep case.
 */
export function compileRotation(record: IdentityRecord, crons: CronRegistry): (credentialUid?: string) => Rotation | null {
  const own = record.rotation === undefined ? null : compile(record.rotation, crons);
  const credentials = new Map<string, Rotation>();
  for (const { uid, rotation } of record.credentials ?? []) {
    if (rotation !== undefined && !credentials.has(uid)) credentials.set(uid, compile(rotation, crons));
  }
  return (uid) => (uid === undefined ? own : credentials.get(uid) ?? own);
}

function compile(rotation: NonNullable<IdentityRecord['rotation']>, crons: CronRegistry): Rotation {
  const millis = (text: string | undefined): number | null => (text === undefined ? null : parseDuration(text));
  const { names, approved_rotators: rotators } = rotation;
  const interval = millis(rotation.interval);
  const covered = names === undefined || names.length === 0 ? null : new GlobSet(names);
  const approved = rotators === undefined || rotators.length === 0 ? null : new GlobSet(rotators);
  return {
    interval, grace: millis(rotation.grace) ?? 0, overlap: millis(rotation.overlap) ?? usualOverlap(interval, rotation.method), method: rotation.method ?? null,
    window: compileSchedule(rotation.window === undefined ? undefined : { windows: [rotation.window] }, crons),
    covers: (name) => covered === null || covered.test(name),
    rotator: (urn) => (approved === null ? 'undeclared' : approved.test(urn) ? 'allowed' : 'outside'),
  };
}

const USUAL: Millis = 7 * 86_400_000;

/** What is renewed at intervals has a successor some day: the old one is given the interval, at most a week. Controllers rewrite in place. */
function usualOverlap(interval: Millis | null, method: Rotation['method'] | undefined): Millis | null {
  return interval === null || interval <= 0 || method === 'controller' ? null : Math.min(interval, USUAL);
}
