import type { Millis, NhiEvent, Remit } from '@remit/contract';
import type { Identity } from './identities.ts';

const DAY: Millis = 86_400_000;
/** A permission counts as exercised for this many days after its last use, in event time. */
export const PRIVILEGE_DAYS = 90;
/** Permissions remembered of one identity; beyond, those used last, so that the order of events does not matter. */
const MOST = 512;

/** Permission strings by the day of their last allowed use, counted from the epoch; `counted` until they change, or the day does. */
interface Used { days: Map<string, number>; counted: { remit: Remit; day: number; granted: number; exercised: number } | null }

/**
 * Which permissions identities with a record exercise: what an allowed call proves. Refused calls exercise nothing. Bounded, and the same
 * whatever order events come in.
 */
export class PrivilegeBook {
  readonly #used = new Map<Identity, Used>();
  /** Changed since the last cut. */
  readonly changed = new Set<Identity>();

  note(identity: Identity, event: NhiEvent): void {
    const permissions = event.privilege?.used;
    if (permissions === undefined || identity.remit === null || event.outcome.denied) return;
    const day = Math.floor(event.time / DAY);
    let used = this.#used.get(identity);
    if (used === undefined) this.#used.set(identity, used = { days: new Map(), counted: null });
    const { days } = used;
    for (const permission of permissions) {
      if ((days.get(permission) ?? -1) >= day) continue;
      days.set(permission, day);
      used.counted = null;
      this.changed.add(identity);
      if (days.size > MOST) days.delete(least(days));
    }
  }

  /** Permissions exercised in the window that ends at `now`, with the start of the day of their last use, sorted. */
  exercised(identity: Identity, now: Millis): { permission: string; day: Millis }[] {
    const from = Math.floor(now / DAY) - PRIVILEGE_DAYS;
    return [...this.#used.get(identity)?.days ?? []].filter(([, day]) => day > from).sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([permission, day]) => ({ permission, day: day * DAY }));
  }

  /** How many grants of the record are written down, and how many of them were exercised in the window; null without any. */
  count(identity: Identity, now: Millis): { granted: number; exercised: number } | null {
    const { remit } = identity;
    const granted = remit?.record.granted?.length ?? 0;
    if (remit === null || granted === 0) return null;
    const day = Math.floor(now / DAY);
    const used = this.#used.get(identity);
    if (used === undefined) return { granted, exercised: 0 };
    if (used.counted?.remit === remit && used.counted.day === day) return used.counted;
    const hit = new Set<number>();
    for (const { permission } of this.exercised(identity, now)) for (const grant of remit.grantsOf(permission)) hit.add(grant);
    used.counted = { remit, day, granted, exercised: hit.size };
    return used.counted;
  }

  /** With a new day what is exercised may leave the window without an event: tells of identities whose record declares grants. */
  turn(before: Millis, now: Millis, changed: (identity: Identity) => void): void {
    if (Math.floor(now / DAY) === Math.floor(before / DAY)) return;
    for (const identity of this.#used.keys()) if (identity.remit?.record.granted?.length) changed(identity);
  }

  save(identity: Identity): [string, number][] {
    return [...this.#used.get(identity)?.days ?? []].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  restore(identity: Identity, saved: readonly [string, number][]): void {
    this.#used.set(identity, { days: new Map(saved), counted: null });
  }
}

/** The permission that was used longest ago; of several the one that sorts last. */
function least(days: ReadonlyMap<string, number>): string {
  let found = '';
  let oldest = Infinity;
  for (const [permission, day] of days) {
    if (day > oldest || (day === oldest && permission < found)) continue;
    found = permission;
    oldest = day;
  }
  return found;
}
