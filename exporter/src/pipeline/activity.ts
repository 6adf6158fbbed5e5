import type { Millis } from '@remit/contract';

const MINUTE: Millis = 60_000;
/** A day and ten hours of minutes, six weeks of hours: powers of two, so that a ring is addressed by a mask. */
const MINUTES = 2048;
const HOURS = 1024;

/**
 * When an identity was active lately: a bit for each of the last 34 hours' minutes, and for each of the last 42 days' hours. The same
 * times in any order leave the same bits.
 */
export interface Activity {
  /** Before this nothing is known. */
  since: Millis;
  minutes: Ring;
  hours: Ring;
}
interface Ring { unit: Millis; newest: number; bits: Uint8Array }

/** An activity as a cut holds it. */
export interface SavedActivity { since: Millis | null; minutes: [number | null, string]; hours: [number | null, string] }

/** Nothing yet, for an identity that was last active then; -Infinity where it never was. */
export function newActivity(last: Millis): Activity {
  const activity: Activity = { since: last, minutes: ring(MINUTE, MINUTES), hours: ring(60 * MINUTE, HOURS) };
  if (Number.isFinite(last)) markActive(activity, last);
  return activity;
}

export function markActive({ minutes, hours }: Activity, at: Millis): void {
  mark(minutes, at);
  mark(hours, at);
}

/** Whether anything happened in [`from`, `to`); null where that is not remembered. What is older than the minutes counts by the hour. */
export function wasActive({ since, minutes, hours }: Activity, from: Millis, to: Millis): boolean | null {
  if (from < since) return null;
  const ring = reaches(minutes, from) ? minutes : reaches(hours, from) ? hours : null;
  if (ring === null) return null;
  const last = Math.min(Math.ceil(to / ring.unit) - 1, ring.newest);
  for (let slot = Math.floor(from / ring.unit); slot <= last; slot++) if (isSet(ring, slot)) return true;
  return false;
}

export function saveActivity({ since, minutes, hours }: Activity): SavedActivity {
  const save = ({ newest, bits }: Ring): [number, string] => [newest, Buffer.from(bits).toString('base64')];
  return { since, minutes: save(minutes), hours: save(hours) };
}

export function loadActivity({ since, minutes, hours }: SavedActivity): Activity {
  const load = (unit: Millis, [newest, bits]: SavedActivity['hours']): Ring => ({ unit, newest: newest ?? -Infinity, bits: new Uint8Array(Buffer.from(bits, 'base64')) });
  return { since: since ?? -Infinity, minutes: load(MINUTE, minutes), hours: load(60 * MINUTE, hours) };
}

function ring(unit: Millis, length: number): Ring {
  return { unit, newest: -Infinity, bits: new Uint8Array(length / 8) };
}

function mark(ring: Ring, at: Millis): void {
  const { bits } = ring;
  const slot = Math.floor(at / ring.unit);
  if (slot > ring.newest) {
    if (slot - ring.newest >= bits.length * 8) bits.fill(0);
    else for (let fresh = ring.newest + 1; fresh <= slot; fresh++) bits[(fresh >> 3) & (bits.length - 1)]! &= ~(1 << (fresh & 7));
    ring.newest = slot;
  } else if (ring.newest - slot >= bits.length * 8) return;
  bits[(slot >> 3) & (bits.length - 1)]! |= 1 << (slot & 7);
}

function reaches(ring: Ring, from: Millis): boolean {
  return ring.newest - Math.floor(from / ring.unit) < ring.bits.length * 8;
}

function isSet({ bits }: Ring, slot: number): boolean {
  return (bits[(slot >> 3) & (bits.length - 1)]! & (1 << (slot & 7))) !== 0;
}
