import type {
  CoverageCode, CoverageReason, CoverageState, Detector, DetectorCoverage, DetectorSummary, FleetCoverage, IdentitiesFilter, IdentityClass, IdentityCoverage, Kind, Page,
  Remit, RemitPart, Source, SourceCoverage,
} from '@remit/contract';
import { COVERAGE_STATES } from '@remit/contract';
import { partsOf } from '../lib/remit-parts.ts';
import { gapsIn, type Gaps } from './coverage-gaps.ts';
import type { Identity } from './identities.ts';
import { pageOf } from './paging.ts';
import type { Processor } from './processor.ts';
import { isReady, PARTLY_SEEN } from './readout.ts';

/** How long a count of the whole fleet holds. */
const EVERY = 15_000;

/** All that decides what can be judged of an identity. */
interface Facts {
  urn: string; class: IdentityClass; kind: Kind; remit: Remit | null; proposal: Remit | null;
  parts: readonly RemitPart[]; gaps: Gaps; sources: readonly { source: Source; silent: boolean }[];
  ready: boolean; sampled: boolean; ambiguous: boolean; undated: boolean;
}

/** What can be judged of each identity, by detector and source, what cannot, and why. */
export class Coverage {
  readonly #p: () => Processor;
  #counted: { at: number; of: Processor; coverage: FleetCoverage } | null = null;

  constructor(processor: () => Processor) {
    this.#p = processor;
  }

  identities(filter: IdentitiesFilter): Page<IdentityCoverage> {
    const has = <T>(wanted: readonly T[] | undefined, value: T | null): boolean => wanted === undefined || (value !== null && wanted.includes(value));
    const found = [...this.#facts(filter.identity)].filter((facts) => has(filter.identity, facts.urn) && has(filter.class, facts.class) && has(filter.kind, facts.kind)
      && has(filter.owner, facts.remit?.record.owner ?? null) && (filter.inventoried === undefined || filter.inventoried === String(facts.remit !== null)));
    const { items, ...rest } = pageOf(found, filter.limit, filter.cursor, ({ urn }) => [0, 0, urn]);
    return { items: items.map((facts) => this.#told(facts)), ...rest };
  }

  fleet(states: Iterable<{ state: string; value: number }>): FleetCoverage {
    const p = this.#p();
    const now = performance.now();
    if (this.#counted?.of === p && now - this.#counted.at < EVERY) return this.#counted.coverage;
    const coverage = this.#count(p, states);
    this.#counted = { at: now, of: p, coverage };
    return coverage;
  }

  #count(p: Processor, states: Iterable<{ state: string; value: number }>): FleetCoverage {
    const { detectors } = p.parts;
    const summaries = detectors.map((detector): DetectorSummary => ({ detector: detector.id, identities: none(), reasons: {} }));
    const carried = new Map<string, { silent: boolean; identities: number }>();
    // Identities are alike by the thousand: what can be judged of one is worked out once for all of its sort.
    const known = new Map<string, DetectorCoverage[]>();
    let identities = 0;
    for (const facts of this.#facts(undefined)) {
      if (facts.class === 'human' || facts.class === 'platform') continue;
      identities++;
      for (const { source, silent } of facts.sources) {
        const one = carried.get(source.id);
        if (one) one.identities++;
        else carried.set(source.id, { silent, identities: 1 });
      }
      const sort = sortOf(facts);
      let judged = known.get(sort);
      if (!judged) known.set(sort, judged = detectors.map((detector) => coverageOf(detector, facts)));
      judged.forEach(({ state, reasons, sources }, i) => {
        const summary = summaries[i]!;
        summary.identities[state]++;
        if (state !== 'judged') for (const code of codesOf(reasons, sources)) summary.reasons[code] = (summary.reasons[code] ?? 0) + 1;
      });
    }
    return {
      at: p.feeds.clock, identities, states: Object.fromEntries([...states].map(({ state, value }) => [state, value])), detectors: summaries,
      sources: [...carried].sort(([a], [b]) => (a < b ? -1 : 1)).map(([source, { silent, identities: n }]) => ({
        source, silent, identities: n,
        lacks: detectors.flatMap(({ id, needs }) => {
          const missing = needs.filter((facet) => !p.parts.sources.get(source)!.fills.includes(facet));
          return missing.length === 0 ? [] : [{ detector: id, missing }];
        }),
      })),
    };
  }

  #told(facts: Facts): IdentityCoverage {
    const detectors = this.#p().parts.detectors.map((detector) => coverageOf(detector, facts));
    const counts = none();
    for (const { state } of detectors) counts[state]++;
    return {
      identity: facts.urn, class: facts.class, kind: facts.kind, owner: facts.remit?.record.owner ?? null, record: facts.remit?.where ?? facts.proposal?.where ?? null,
      sources: facts.sources.map(({ source, silent }) => ({ source: source.id, silent })), ...pagingOf(facts), counts, detectors,
    };
  }

  /** Of identities that were seen, then of records whose identity was not; of these names alone where they are given. */
  *#facts(only: readonly string[] | undefined): Iterable<Facts> {
    const p = this.#p();
    const inventory = p.parts.timeline.latest();
    const ambiguous = new Set(inventory.ambiguities(p.feeds.clock).flatMap(({ urns }) => urns));
    const silent = silentFeeds(p);
    const seen = only === undefined ? p.identities.all : only.flatMap((urn) => p.identities.get(urn) ?? []);
    for (const identity of new Set(seen)) yield factsOf(p, identity, silent, ambiguous);
    for (const remit of inventory.records()) {
      const { urn, kind } = remit.record;
      if (p.identities.get(urn) || (only !== undefined && !only.includes(urn))) continue;
      const reviewed = remit.reviewed ? remit : null;
      yield {
        urn, kind, class: kind === 'human' || kind === 'platform' ? kind : kind === 'unknown' ? 'unknown' : 'machine', remit: reviewed, proposal: reviewed ? null : remit,
        parts: reviewed ? partsOf(remit.record) : [], gaps: reviewed ? gapsIn(remit.record, p.feeds.clock) : {}, sources: [], ready: false, sampled: false, ambiguous: ambiguous.has(urn), undated: remit.endOfLife()?.declared === false,
      };
    }
  }
}

function factsOf(p: Processor, identity: Identity, silent: ReadonlySet<number>, ambiguous: ReadonlySet<string>): Facts {
  const { remit } = identity;
  const sources = new Map<string, { source: Source; silent: boolean }>();
  for (const index of identity.feeds) {
    const source = p.parts.sources.get(p.feeds.all[index]!.source);
    // One feed of a source that is heard is enough to hear something of it.
    if (source) sources.set(source.id, { source, silent: silent.has(index) && (sources.get(source.id)?.silent ?? true) });
  }
  return {
    urn: identity.urn, class: p.identities.classOf(identity), kind: p.identities.kindOf(identity), remit, proposal: identity.proposal, parts: remit ? partsOf(remit.record) : [], gaps: remit ? gapsIn(remit.record, p.feeds.clock) : {},
    sources: [...sources.values()].sort((a, b) => (a.source.id < b.source.id ? -1 : 1)), ready: isReady(p, identity),
    sampled: identity.partly > p.feeds.clock - PARTLY_SEEN, ambiguous: ambiguous.has(identity.urn), undated: remit?.endOfLife()?.declared === false,
  };
}

/** Live feeds that have brought nothing for longer than their source is ever quiet. */
function silentFeeds(p: Processor): Set<number> {
  return new Set(p.feeds.all.filter(({ source, replay, lastReceive }) => !replay && p.feeds.clock - lastReceive > (p.parts.sources.get(source)?.maxSilence ?? Infinity)).map(({ index }) => index));
}

function sortOf({ class: verdict, remit, proposal, parts, gaps, sources, ready, sampled, ambiguous, undated }: Facts): string {
  return [verdict, remit === null, proposal === null, parts, JSON.stringify(gaps), sizesUnneeded(remit), sources.map(({ source, silent }) => `${source.id}:${silent}`), ready, sampled, ambiguous, undated].join('|');
}

// -------------------------------------------------------------- what a detector can say of an identity

const none = (): Record<CoverageState, number> => ({ judged: 0, partly: 0, not_judged: 0 });

/** What one detector can judge of an identity. */
function coverageOf(detector: Detector, facts: Facts): DetectorCoverage {
  const reasons = generalReasons(detector, facts);
  const sources = facts.sources.map(({ source, silent }): SourceCoverage => {
    const own = [...reasons];
    const missing = detector.needs.filter((facet) => !source.fills.includes(facet) && !(facet === 'volume' && detector.judges?.includes('max_volume') && sizesUnneeded(facts.remit)));
    if (missing.length > 0) own.push({ code: 'source_lacks', text: `${source.id} does not tell ${missing.join(', ')}`, missing });
    if (silent) own.push({ code: 'source_silent', text: `nothing has come from ${source.id} for longer than it is ever quiet` });
    return { source: source.id, state: stateOf(own), reasons: own };
  });
  const state = sources.length === 0 ? stateOf(reasons) : COVERAGE_STATES.find((each) => sources.some((source) => source.state === each))!;
  return { detector: detector.id, state, reasons, sources };
}

/** Where a number of objects is the limit, no source needs to tell sizes. */
function sizesUnneeded(remit: Remit | null): boolean {
  return remit?.limits.some(({ objects }) => objects !== null) === true;
}

/** Reasons that hold for some events, or for how much a finding is worth; all others leave nothing to judge. */
const PARTIAL: ReadonlySet<CoverageCode> = new Set(['ambiguous_alias', 'sampled', 'end_undated', 'declared_in_part']);

function stateOf(reasons: readonly CoverageReason[]): CoverageState {
  if (reasons.length === 0) return 'judged';
  return reasons.every(({ code }) => PARTIAL.has(code)) ? 'partly' : 'not_judged';
}

/** Reasons that do not depend on the source. */
function generalReasons(detector: Detector, facts: Facts): CoverageReason[] {
  if (facts.class === 'platform') return [{ code: 'platform', text: 'it belongs to the provider: counted, not judged' }];
  const reasons: CoverageReason[] = [];
  const person = facts.class === 'human' && detector.on !== 'event' && detector.on !== 'chain';
  if (person) reasons.push({ code: 'person', text: 'a person: counted, and judged only by what is wrong whoever does it' });
  if (facts.sources.length === 0) reasons.push({ code: 'never_seen', text: 'no event of it has arrived' });
  if (detector.judges !== undefined) reasons.push(...recordReasons(detector.judges, facts));
  if (detector.class === 'baseline' && !facts.ready) reasons.push({ code: 'warming', text: 'its baseline is still being learned' });
  if (facts.ambiguous) reasons.push({ code: 'ambiguous_alias', text: 'two records claim one of its names, so that some of its events may be judged by the other' });
  if (facts.sampled) reasons.push({ code: 'sampled', text: 'in the last week some of its traces came sampled or without the span of the agent' });
  if (facts.undated && detector.judges?.includes('end_of_life')) reasons.push({ code: 'end_undated', text: 'it is decommissioned without a date: what it did before the record was imported is not judged' });
  return reasons;
}

function recordReasons(judges: readonly RemitPart[], { remit, proposal, parts, gaps }: Facts): CoverageReason[] {
  if (remit === null && proposal !== null) return [{ code: 'record_proposed', text: 'its record waits for review and is judged in shadow' }];
  if (remit === null) return [{ code: 'no_record', text: 'no record of the inventory says what it is for' }];
  const declared = judges.filter((part) => parts.includes(part));
  if (declared.some((part) => gaps[part] === undefined)) return [];
  if (declared.length > 0) return declared.map((part) => ({ code: gaps[part]!.some ? 'declared_in_part' : 'not_declared', text: gaps[part]!.text, missing: [part] }));
  if (judges.every((part) => part === 'schedule') && remit.record.schedule?.always_on === true) return [{ code: 'not_declared', text: 'its record says that it may work at any time', missing: [...judges] }];
  return [{ code: 'not_declared', text: `its record declares no ${judges.map((part) => part.replaceAll('_', ' ')).join(', no ')}`, missing: [...judges] }];
}

function codesOf(reasons: readonly CoverageReason[], sources: readonly SourceCoverage[]): Set<CoverageCode> {
  return new Set([...reasons, ...sources.flatMap((source) => source.reasons)].map(({ code }) => code));
}

function pagingOf({ remit, proposal, class: verdict }: Facts): { may_page: boolean; may_page_text: string } {
  const no = (text: string) => ({ may_page: false, may_page_text: text });
  if (verdict === 'platform' || verdict === 'human') return no('people and platforms are counted; nothing of them wakes anybody');
  if (remit === null) return no(proposal === null ? 'it has no record: its findings are tickets' : 'its record waits for review: nothing of it wakes anybody');
  if (remit.record.owner === undefined) return no('its record names no owner: its findings are tickets');
  if (!remit.owned) return no('its owner is not one of the owners of the inventory: its findings are tickets');
  return { may_page: true, may_page_text: remit.owner?.enforce === true ? 'all remit detectors may wake its owner' : 'only what is certain may wake its owner, who has not set enforce: true' };
}
