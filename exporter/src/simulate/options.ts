import type { Millis, NhiEvent } from '@remit/contract';
import type { Sort } from './world.ts';

/** What fleet to simulate. The same options give the same events, everywhere. */
export interface SimulateOptions {
  /** Size of the fleet. */
  identities: number;
  weeks: number;
  /** A whole number; another one gives another fleet. */
  seed: number;
  /** Share of identities whose record says what they may do; the others have a record that only names their owner. 0.7 */
  declared?: number;
  /** Share of the declaring records that are out of date. 0 */
  stale?: number;
  /** Injected misuse per week and 1,000 identities; 0 for a fleet without any. 40 */
  attacks?: number;
  /** Weeks without misuse at the beginning. 4, at most a third of all */
  quiet?: number;
  /** Whether some identities grow by 2 % a day from the end of the quiet weeks on; labelled `drift`. Follows `attacks` */
  drift?: boolean;
  /** First hour, a Monday at 00:00 UTC. By default clocks change within the eighth week */
  start?: Millis;
}

export const HOUR: Millis = 3_600_000;
export const DAY: Millis = 24 * HOUR;
export const WEEK: Millis = 7 * DAY;
/** 2026-08-31, a Monday: eight weeks before clocks in Europe go back. */
const START: Millis = Date.UTC(2026, 7, 31);

export type Settings = Required<SimulateOptions>;

/** Fills in what is left open. Throws a RangeError naming what cannot be. */
export function settle(options: SimulateOptions): Settings {
  const whole = (name: string, value: number, low: number, high: number) => {
    if (!Number.isInteger(value) || value < low || value > high) throw new RangeError(`${name} is a whole number from ${low} to ${high}, not ${value}`);
    return value;
  };
  const share = (name: string, value: number, high = 1) => {
    if (!(value >= 0 && value <= high)) throw new RangeError(`${name} lies between 0 and ${high}, not ${value}`);
    return value;
  };
  const attacks = share('attacks', options.attacks ?? 40, 10_000);
  const weeks = whole('weeks', options.weeks, 1, 520);
  return {
    identities: whole('identities', options.identities, 1, 1_000_000), weeks, seed: whole('seed', options.seed, 0, Number.MAX_SAFE_INTEGER), attacks,
    declared: share('declared', options.declared ?? 0.7), stale: share('stale', options.stale ?? 0), drift: options.drift ?? attacks > 0,
    quiet: share('quiet', options.quiet ?? Math.min(4, Math.floor(weeks / 3)), weeks), start: options.start ?? START,
  };
}

/** An injected misuse: read by nobody who judges. Times in milliseconds, `end` after its last event. */
export interface Label { use_case: UseCase; level: string; identity: string; start: Millis; end: Millis }
export const USE_CASES = ['off-hours', 'sequence', 'secrets', 'export', 'export-drip', 'decommissioned', 'drift'] as const;
export type UseCase = (typeof USE_CASES)[number];

/** One identity of the fleet, as somebody who knows everything sees it. */
export interface Simulated {
  urn: string; key: string; sort: Sort; owner: string; environment: string;
  /** Whether its record says what it may do, and whether that is out of date. */
  declared: boolean; stale: boolean;
  /** First and last hour of its conforming life. */
  from: Millis; to: Millis;
}

/** All events of one hour, in order of time. */
export interface Batch { hour: Millis; events: NhiEvent[] }
