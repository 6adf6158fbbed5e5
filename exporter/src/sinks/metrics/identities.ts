import { DETAILED, FLEET, metric, OUTCOMES, OVERFLOW, UNINVENTORIED, type IdentityReadout, type Kind, type Millis, type Remit } from '@remit/contract';
import { labelValue } from '../../lib/label-value.ts';
import { Beginnings } from './beginnings.ts';
import type { Exposition, Family, Series } from './exposition.ts';
import { ownerLabel } from './label.ts';

type Totals = [success: number, failure: number, denied: number];
const BOUNDS = ['p50', 'p95', 'p99'] as const;
/** Habits shown of one identity, the strongest. */
const PARTS = 10;
/** Most series of each family that only some identities have. */
const DATED = 400;

/** What was read last of one identity, and how its events are shared between `_overflow_` and its own series. */
interface Known {
  kind: Kind | null; last: Millis; ready: boolean; score: number | null; expected: IdentityReadout['expected']; level: IdentityReadout['level']; parts: IdentityReadout['parts']; privileges: IdentityReadout['privileges'];
  totals: Totals;
  /** How many of them count in `_overflow_`: without own series all that were read, with own series those from before. */
  shared: Totals;
}
/** For `restore`: how many events of an identity with own series count in `_overflow_`. */
export type SavedShare = Totals;

/** Series that one identity has for itself. */
interface Own {
  urn: string; label: string; detailed: boolean; inventoried: boolean;
  info: Series | null; infoText: string; kind: string | null; remit: Remit | undefined;
  events: Series[]; ready: Series | null;
  last: Series | null; score: Series | null; expected: Series[]; decommissioned: Series | null; due: Series | null; granted: Series | null; exercised: Series | null; level: Series | null;
  /** Of the habits that its latest odd hour is made of. */
  parts: Map<string, Series>;
}

/**
 * Series of identities. The first of the inventory have their own, in its order, and a few others while they have an open
 * finding; the rest count in `_overflow_`. An event counts in one of the two for ever, so that the sum is exact and nothing
 * steps back when an identity gains or loses its own series.
 */
export class IdentitySeries {
  readonly #families: Record<'info' | 'events' | 'last' | 'ready' | 'score' | 'expected' | 'decommissioned' | 'due' | 'granted' | 'exercised' | 'level' | 'part', Family>;
  readonly #known = new Map<string, Known>();
  readonly #own = new Map<string, Own>();
  readonly #records = new Map<string, Remit>();
  readonly #overflow: Totals = [0, 0, 0];
  readonly #overflowSeries: Series[];
  readonly #wanted = new Set<string>();
  readonly #beginnings = new Beginnings<string>();
  /** Inventoried identities without series of their own. */
  beyond = 0;

  constructor(exposition: Exposition) {
    const family = (name: string): Family => exposition.family({ ...metric(name), type: metric(name).type as 'gauge' });
    this.#families = {
      info: family('nhi_identity_info'),
      events: family('nhi_identity_events_total'),
      last: family('nhi_identity_last_activity_timestamp_seconds'),
      ready: family('nhi_identity_baseline_ready'),
      score: family('nhi_deviation_score'),
      expected: family('nhi_baseline_expected_events'),
      decommissioned: family('nhi_identity_decommissioned_timestamp_seconds'),
      due: family('nhi_identity_credential_due_timestamp_seconds'), level: family('nhi_baseline_level_ratio'), part: family('nhi_deviation_feature_score'), granted: family('nhi_privileges_granted'), exercised: family('nhi_privileges_exercised'),
    };
    this.#families.info.add([OVERFLOW, '', '', '', '', ''], 1);
    this.#overflowSeries = OUTCOMES.flatMap((outcome) => this.#families.events.add([OVERFLOW, outcome]) ?? []);
  }

  /** Own series for the first `most` records of a new inventory. */
  inventory(records: readonly Remit[], most: number): void {
    this.#records.clear();
    for (const remit of records) if (!this.#records.has(remit.record.urn)) this.#records.set(remit.record.urn, remit);
    const chosen = new Map<string, number>();
    for (const urn of this.#records.keys()) {
      if (chosen.size >= most) break;
      chosen.set(urn, chosen.size);
    }
    this.beyond = this.#records.size - chosen.size;
    let others = 0;
    for (const own of [...this.#own.values()]) {
      own.inventoried = chosen.has(own.urn);
      if (own.inventoried) continue;
      // One that leaves the inventory while a finding is open keeps its series.
      if (this.#records.has(own.urn) || !this.#wanted.has(own.urn) || others >= UNINVENTORIED) this.#demote(own);
      else others++;
    }
    for (const [urn, place] of chosen) {
      const own = this.#own.get(urn) ?? this.#promote(urn, true);
      if (own) { own.detailed = place < DETAILED; this.#show(own); }
    }
    for (const urn of this.#wanted) this.want(urn);
  }

  /** Numbers of one identity since they were last read. */
  update(read: IdentityReadout): void {
    const known = this.#knownAs(read.urn);
    const own = this.#own.get(read.urn);
    known.totals = [read.success, read.failure, read.denied];
    if (!own) this.#share(known);
    known.kind = read.kind;
    known.last = read.last;
    known.ready = read.ready;
    known.score = read.score;
    known.expected = read.expected;
    known.level = read.level;
    known.parts = read.parts;
    known.privileges = read.privileges;
    if (own) this.#show(own);
  }

  /** An identity outside the inventory has an open finding: it gets series of its own while there is room. */
  want(urn: string): void {
    if (urn === FLEET) return;
    this.#wanted.add(urn);
    if (this.#own.has(urn) || this.#records.has(urn)) return;
    let others = 0;
    for (const own of this.#own.values()) if (!own.inventoried) others++;
    if (others >= UNINVENTORIED) return;
    const own = this.#promote(urn, false);
    if (own) this.#show(own);
  }

  /** Its last finding is gone from the series: its events count in `_overflow_` again. */
  unwant(urn: string): void {
    this.#wanted.delete(urn);
    const own = this.#own.get(urn);
    if (own && !own.inventoried) this.#demote(own);
  }

  /** Writes the shared totals. Call before each scrape. */
  refresh(): void {
    for (const [i, series] of this.#overflowSeries.entries()) series.set(this.#overflow[i] ?? 0);
    for (const urn of this.#beginnings.young()) this.#count(this.#own.get(urn));
  }

  /** A scrape is through; `regular` once somebody comes at regular times. */
  scraped(regular: boolean): void { this.#beginnings.scraped(regular); }

  /** Identities whose events count partly in their own series and partly not, for `restore` after a restart. */
  save(): Record<string, SavedShare> {
    const saved = Object.create(null) as Record<string, SavedShare>;
    for (const urn of this.#own.keys()) {
      const { shared } = this.#knownAs(urn);
      if (shared.some((n) => n > 0)) saved[urn] = [...shared];
    }
    return saved;
  }

  /** Before the first `update`. */
  restore(urn: string, saved: SavedShare): void {
    const known = this.#knownAs(urn);
    if (known.kind !== null) return;
    known.totals = [...saved];
    known.shared = [...saved];
    add(this.#overflow, saved);
  }

  #knownAs(urn: string): Known {
    let known = this.#known.get(urn);
    if (!known) {
      known = { kind: null, last: 0, ready: false, score: null, expected: () => null, level: () => null, parts: null, privileges: null, totals: [0, 0, 0], shared: [0, 0, 0] };
      this.#known.set(urn, known);
    }
    return known;
  }

  /** Everything that does not count in the overflow yet does from now on. */
  #share(known: Known): void {
    add(this.#overflow, known.totals.map((n, i) => Math.max(0, n - (known.shared[i] ?? 0))) as Totals);
    known.shared = [...known.totals];
  }

  #promote(urn: string, inventoried: boolean): Own | null {
    const label = labelValue(urn);
    const events = OUTCOMES.map((outcome) => this.#families.events.add([label, outcome]));
    // Two names with one label can only be shortened ones that were made to collide: the later one stays in the overflow.
    if (events.some((s) => s === null)) { for (const s of events) s?.remove(); return null; }
    const own: Own = {
      urn, label, inventoried, detailed: false, info: null, infoText: '', kind: null, remit: undefined, events: events.flatMap((s) => s ?? []),
      ready: this.#families.ready.add([label]), last: null, score: null, expected: [], decommissioned: null, due: null, granted: null, exercised: null, level: null, parts: new Map(),
    };
    this.#own.set(urn, own);
    return own;
  }

  #demote(own: Own): void {
    this.#own.delete(own.urn);
    this.#beginnings.forget(own.urn);
    for (const series of [own.info, ...own.events, own.ready, own.last, own.score, own.decommissioned, own.due, own.granted, own.exercised, own.level, ...own.parts.values(), ...own.expected]) series?.remove();
    this.#share(this.#knownAs(own.urn));
  }

  #show(own: Own): void {
    const known = this.#knownAs(own.urn);
    this.#describe(own, this.#records.get(own.urn), known.kind);
    this.#count(own);
    own.ready?.set(known.ready ? 1 : 0);
    own.last = optional(own.last, this.#families.last, own.label, known.last > 0 ? known.last / 1000 : null);
    own.score = optional(own.score, this.#families.score, own.label, known.score);
    own.granted = optional(own.granted, this.#families.granted, own.label, known.privileges?.granted ?? null);
    own.exercised = optional(own.exercised, this.#families.exercised, own.label, known.privileges?.exercised ?? null);
    own.level = optional(own.level, this.#families.level, own.label, own.detailed ? known.level() : null);
    this.#parts(own, own.detailed ? known.parts : null);
    this.#expect(own, own.detailed ? known.expected() : null);
  }

  #count(own: Own | undefined): void {
    if (own === undefined) return;
    const { totals, shared } = this.#knownAs(own.urn);
    const shown = this.#beginnings.shown(own.urn, totals.map((n, i) => n - (shared[i] ?? 0)));
    for (const [i, series] of own.events.entries()) series.set(Math.max(series.value, shown[i] ?? 0));
  }

  /** What follows from its record and kind alone. */
  #describe(own: Own, remit: Remit | undefined, seen: string | null): void {
    const kind = seen ?? remit?.record.kind ?? 'unknown';
    if (own.kind === kind && own.remit === remit) return;
    own.kind = kind;
    own.remit = remit;
    this.#info(own, kind, remit);
    this.#dates(own, remit);
  }

  #info(own: Own, kind: string, remit: Remit | undefined): void {
    const values = [
      own.label, kind, ownerLabel(remit?.owner?.team ?? null), labelValue(remit?.record.environment ?? ''),
      labelValue(remit?.record.purpose ?? ''), remit?.lifecycle ?? 'unknown',
    ];
    const text = values.join('\n');
    if (own.info && own.infoText === text) return;
    own.info?.remove();
    own.info = this.#families.info.add(values, 1);
    own.infoText = text;
  }

  #dates(own: Own, remit: Remit | undefined): void {
    const dated = (series: Series | null, family: Family, at: Millis): Series | null => {
      const room = series !== null || family.size < DATED;
      return optional(series, family, own.label, room && Number.isFinite(at) ? at / 1000 : null);
    };
    own.decommissioned = dated(own.decommissioned, this.#families.decommissioned, Date.parse(remit?.record.decommissioned_at ?? ''));
    own.due = dated(own.due, this.#families.due, remit === undefined ? Infinity : nextRotation(remit));
  }

  #parts(own: Own, parts: Known['parts']): void {
    const now = new Map((parts?.of ?? []).slice(0, PARTS).map(({ habit, calibrated }) => [habit, calibrated]));
    for (const [habit, series] of own.parts) {
      if (now.has(habit)) continue;
      series.remove();
      own.parts.delete(habit);
    }
    for (const [habit, value] of now) {
      const series = own.parts.get(habit) ?? this.#families.part.add([own.label, habit]);
      if (series === null) continue;
      series.set(value);
      own.parts.set(habit, series);
    }
  }

  #expect(own: Own, expected: ReturnType<IdentityReadout['expected']>): void {
    if (!expected) {
      for (const series of own.expected) series.remove();
      own.expected = [];
      return;
    }
    if (own.expected.length === 0) own.expected = BOUNDS.flatMap((bound) => this.#families.expected.add([own.label, bound]) ?? []);
    for (const [i, bound] of BOUNDS.entries()) own.expected[i]?.set(expected[bound]);
  }
}

/** When the first living credential of the record should be renewed; Infinity when nothing says so. */
function nextRotation(remit: Remit): Millis {
  let due = Infinity;
  for (const { uid, created, decommissioned_at: ended } of remit.record.credentials ?? []) {
    const rotation = remit.rotation(uid);
    if (created === undefined || ended !== undefined || !rotation?.interval || !rotation.covers(uid)) continue;
    due = Math.min(due, Date.parse(created) + rotation.interval);
  }
  return due;
}

function add(to: Totals, more: Totals): void {
  for (let i = 0; i < 3; i++) to[i] = (to[i] ?? 0) + (more[i] ?? 0);
}

function optional(series: Series | null, family: Family, label: string, value: number | null): Series | null {
  if (value === null || !Number.isFinite(value)) { series?.remove(); return null; }
  if (!series) return family.add([label], value);
  series.set(value);
  return series;
}
