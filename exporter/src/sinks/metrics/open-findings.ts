import { metric, NOBODY, OVERFLOW, STORM, type Finding, type Millis } from '@remit/contract';
import type { Exposition, Family, Series } from './exposition.ts';
import { identityLabel, ownerLabel } from './label.ts';
import { OPEN_SHARES } from './plan.ts';

const HOLD_AT_LEAST: Millis = 2 * 60_000;
const ZERO_FOR: Millis = 60 * 60_000;

/** One series of `nhi_findings_open` and why it has the value it has. */
interface LabelSet {
  key: string; urn: string; storm: string; owner: string; detector: string; severity: string;
  overflow: boolean; series: Series;
  /** Values of its labels. */
  labels: Omit<OpenSeries, 'value'>;
  /** Open findings in it. */
  count: number;
  /** Takes one of the places that a storm leaves. */
  member: boolean;
  /** Opening of the youngest finding that closed in it: it still counts for a while. */
  closedOpening: Millis;
  /** Since when it shows an explicit 0. */
  zeroSince: Millis | null;
}
/** A series as it is shown. */
export interface OpenSeries { identity: string; identity_owner: string; detector: string; severity: string; value: number }
/** For `restore`: a label set that was shown. */
export interface SavedSet { urn: string; owner: string; detector: string; severity: string; overflow: boolean; zeroSince: Millis | null; closedOpening: Millis }

type Where = Pick<Finding, 'identity' | 'detector' | 'severity' | 'owner'>;

/**
 * The series that page. An opened finding stays at least 1 for the longer of 2 minutes and 4 scrapes, even if it is closed at
 * once; a label set that was shown says 0 for an hour before it goes, because only a scraped 0 resolves an alert.
 */
export class OpenFindings {
  readonly #family: Family;
  readonly #sets = new Map<string, LabelSet>();
  readonly #placed = new Map<string, { set: LabelSet; as: string; opened: Millis }>();
  readonly #closing = new Set<LabelSet>();
  /** Identities with an alert of their own, by owner and detector. */
  readonly #storms = new Map<string, Map<string, number>>();
  readonly #shown = new Map<string, number>();
  #overflows = 0;
  /** Of the last refresh. */
  #now: Millis = 0;
  readonly #onShown: (urn: string, shown: boolean) => void;

  /** `onShown` hears when an identity gets its first series here and when it loses the last. */
  constructor(exposition: Exposition, onShown: (urn: string, shown: boolean) => void) {
    this.#family = exposition.family({ ...metric('nhi_findings_open'), type: 'gauge' });
    this.#onShown = onShown;
  }

  /**
   * An open finding as it is now: new, or under a new identity, owner or severity. `opened` is wall clock. `settled`: it was shown before
   * a restart, and takes no place that another has left meanwhile.
   */
  open(id: string, finding: Where, opened: Millis, settled = false): void {
    const as = keyOf(finding.identity, finding.owner ?? NOBODY, finding.detector, finding.severity, false);
    const before = this.#placed.get(id);
    if (before?.as === as) return;
    if (before) this.#leave(before.set);
    const set = this.#choose(finding, settled);
    set.count++;
    set.zeroSince = null;
    this.#joinStorm(set);
    set.series.set(set.count);
    this.#placed.set(id, { set, as, opened: before?.opened ?? opened });
  }

  /** The finding is no longer open. */
  close(id: string): void {
    const before = this.#placed.get(id);
    if (!before) return;
    this.#placed.delete(id);
    before.set.closedOpening = Math.max(before.set.closedOpening, before.opened);
    this.#leave(before.set);
  }

  /** Lets time pass. `interval` is what was measured between scrapes. Call before each scrape. */
  refresh(now: Millis, interval: Millis): void {
    this.#now = now;
    const hold = Math.max(HOLD_AT_LEAST, 4 * interval);
    for (const set of this.#closing) {
      if (set.count > 0) { set.series.set(set.count); this.#closing.delete(set); continue; }
      if (now < set.closedOpening + hold) { set.series.set(Math.max(1, set.series.value)); continue; }
      if (set.zeroSince === null) {
        set.zeroSince = now;
        set.series.set(0);
        this.#leaveStorm(set);
      } else if (now - set.zeroSince >= ZERO_FOR) this.#remove(set);
    }
  }

  /** Every series, explicit zeros too. */
  list(): OpenSeries[] { return [...this.#sets.values()].map(shown); }

  /** The series that an open finding is counted in, or null. */
  where(id: string): OpenSeries | null {
    const placed = this.#placed.get(id);
    return placed === undefined ? null : shown(placed.set);
  }

  /** Label sets that are shown, for `restore` after a restart. */
  save(): SavedSet[] {
    return [...this.#sets.values()].map(({ urn, owner, detector, severity, overflow, zeroSince, closedOpening }) =>
      ({ urn, owner, detector, severity, overflow, zeroSince, closedOpening }));
  }

  /**
   * Gives back places: what was more than 0 before the open findings come, so that each finds its own, the zeros after them. What then is
   * not open says 0 for an hour.
   */
  restore(saved: readonly SavedSet[], now: Millis): void {
    for (const where of saved) {
      const key = keyOf(where.urn, where.owner, where.detector, where.severity, where.overflow);
      const gone = where.zeroSince !== null && now - where.zeroSince >= ZERO_FOR;
      const set = gone || this.#sets.has(key) ? null : this.#create(key, where);
      if (!set) continue;
      set.closedOpening = where.closedOpening;
      if (where.zeroSince === null) this.#joinStorm(set);
      this.#closing.add(set);
    }
  }

  #leave(set: LabelSet): void {
    set.count--;
    if (set.count === 0) this.#closing.add(set);
    else set.series.set(set.count);
  }

  #choose(finding: Where, settled: boolean): LabelSet {
    const owner = finding.owner ?? NOBODY;
    const { identity: urn, detector, severity } = finding;
    const own = keyOf(urn, owner, detector, severity, false);
    const storm = `${owner}/${detector}`;
    const inStorm = this.#storms.get(storm);
    const known = this.#sets.get(own);
    const crowd = settled && !known ? this.#sets.get(keyOf(OVERFLOW, owner, detector, severity, true)) ?? this.#sets.get(keyOf(OVERFLOW, OVERFLOW, detector, severity, true)) : undefined;
    if (crowd) return crowd;
    if (known || inStorm?.has(urn) || (inStorm?.size ?? 0) < STORM) {
      const set = known ?? this.#create(own, { urn, owner, detector, severity, overflow: false });
      if (set) return set;
    }
    return this.#overflow(owner, detector, severity) ?? this.#overflow(OVERFLOW, detector, severity) ?? this.#last(detector, severity);
  }

  #overflow(owner: string, detector: string, severity: string): LabelSet | null {
    const key = keyOf(OVERFLOW, owner, detector, severity, true);
    return this.#sets.get(key) ?? this.#create(key, { urn: OVERFLOW, owner, detector, severity, overflow: true });
  }

  /** Every share is used up: one set for each detector and severity is always there. */
  #last(detector: string, severity: string): LabelSet {
    const key = keyOf(OVERFLOW, OVERFLOW, detector, severity, true);
    const set = this.#add(key, { urn: OVERFLOW, owner: OVERFLOW, detector, severity, overflow: true });
    if (!set) throw new Error(`nhi_findings_open{identity="${OVERFLOW}"} exists outside its own book`);
    return set;
  }

  #create(key: string, where: Omit<SavedSet, 'zeroSince' | 'closedOpening'>): LabelSet | null {
    const share = where.overflow ? OPEN_SHARES.overflow : OPEN_SHARES.own;
    if ((where.overflow ? this.#overflows : this.#sets.size - this.#overflows) >= share && !this.#evict(where.overflow)) return null;
    return this.#add(key, where);
  }

  #add(key: string, where: Omit<SavedSet, 'zeroSince' | 'closedOpening'>): LabelSet | null {
    const identity = where.overflow ? OVERFLOW : identityLabel(where.urn);
    const owner = where.overflow && where.owner === OVERFLOW ? OVERFLOW : ownerLabel(where.owner);
    const series = this.#family.add([identity, owner, where.detector, where.severity]);
    if (!series) return null;
    const { urn, detector, severity, overflow } = where;
    const set: LabelSet = {
      labels: { identity, identity_owner: owner, detector, severity }, urn, owner: where.owner, detector, severity, overflow, key, storm: `${where.owner}/${where.detector}`, series, count: 0, member: false, closedOpening: 0, zeroSince: null,
    };
    this.#sets.set(key, set);
    if (set.overflow) this.#overflows++;
    else this.#note(set.urn, 1);
    return set;
  }

  /** Makes room by dropping the set that says 0 longest, if it did so for two minutes: by then the 0 is scraped. */
  #evict(overflow: boolean): boolean {
    let oldest: LabelSet | null = null;
    for (const set of this.#closing) {
      if (set.overflow !== overflow || set.zeroSince === null) continue;
      if (oldest === null || set.zeroSince < (oldest.zeroSince ?? 0)) oldest = set;
    }
    if (oldest === null || this.#now - (oldest.zeroSince ?? 0) < HOLD_AT_LEAST) return false;
    this.#remove(oldest);
    return true;
  }

  #remove(set: LabelSet): void {
    set.series.remove();
    this.#closing.delete(set);
    this.#sets.delete(set.key);
    if (set.overflow) this.#overflows--;
    else this.#note(set.urn, -1);
  }

  #joinStorm(set: LabelSet): void {
    if (set.overflow || set.member) return;
    set.member = true;
    const members = this.#storms.get(set.storm) ?? new Map<string, number>();
    members.set(set.urn, (members.get(set.urn) ?? 0) + 1);
    this.#storms.set(set.storm, members);
  }

  #leaveStorm(set: LabelSet): void {
    if (!set.member) return;
    set.member = false;
    const members = this.#storms.get(set.storm);
    const left = (members?.get(set.urn) ?? 0) - 1;
    if (left > 0) members?.set(set.urn, left);
    else members?.delete(set.urn);
    if (members?.size === 0) this.#storms.delete(set.storm);
  }

  #note(urn: string, change: 1 | -1): void {
    const before = this.#shown.get(urn) ?? 0;
    if (before + change > 0) this.#shown.set(urn, before + change);
    else this.#shown.delete(urn);
    if (before === 0 || before + change === 0) this.#onShown(urn, change === 1);
  }
}

function shown({ labels, series }: LabelSet): OpenSeries { return { ...labels, value: series.value }; }

function keyOf(urn: string, owner: string, detector: string, severity: string, overflow: boolean): string {
  return JSON.stringify([urn, owner, detector, severity, overflow]);
}
