import type {
  EventsFilter, Finding, FindingsFilter, FleetCoverage, IdentitiesFilter, IdentityCoverage, IdentitySummary, Journal, NhiEvent, Owner, Page, Reader, StatusReport,
} from '@remit/contract';
import { SEVERITIES } from '@remit/contract';
import { Coverage } from './coverage.ts';
import { eventUid } from './evidence.ts';
import type { Identity } from './identities.ts';
import type { Processor } from './processor.ts';
import { pageOf as page } from './paging.ts';
import { StateReadout } from './readout.ts';

/** The parts of the status that are not the processor's. */
export type OtherStatus = Pick<StatusReport, 'version' | 'ready' | 'since' | 'now' | 'demo' | 'rejected' | 'store'> & { problems: StatusReport['inventory']['problems'] };

/** Answers the API from the processor's memory, and events from the archive. */
export class StateReader implements Reader {
  readonly #processor: () => Processor;
  readonly #journal: () => Journal;
  readonly #status: () => Promise<OtherStatus>;
  readonly #coverage: Coverage;

  constructor(processor: () => Processor, journal: () => Journal, status: () => Promise<OtherStatus>) {
    this.#processor = processor;
    this.#journal = journal;
    this.#status = status;
    this.#coverage = new Coverage(processor);
  }

  findings(filter: FindingsFilter): Page<Finding> {
    const found: Finding[] = [];
    for (const { finding } of this.#processor().book.all.values()) if (matchesFinding(finding, filter)) found.push(finding);
    return page(found, filter.limit, filter.cursor, ({ last, severity, id }) => [-last, SEVERITIES.indexOf(severity), id]);
  }

  finding(id: string): Finding | null {
    return this.#processor().book.all.get(id)?.finding ?? null;
  }

  previous({ id, identity, detector, first }: Finding): Finding | null {
    let latest: Finding | null = null;
    for (const { finding } of this.#processor().book.of(identity)) {
      if (finding.detector !== detector || finding.id === id || finding.state === 'withdrawn' || !isBefore(finding, { first, id })) continue;
      if (latest === null || isBefore(latest, finding)) latest = finding;
    }
    return latest;
  }

  owner(team: string): Owner | null {
    return this.#processor().parts.timeline.latest().owners().find((owner) => owner.team === team) ?? null;
  }

  identities(filter: IdentitiesFilter): Page<IdentitySummary> {
    const p = this.#processor();
    const found = p.identities.all.map((identity) => summarise(p, identity)).filter((i) =>
      has(filter.identity, i.urn) && has(filter.owner, i.owner) && has(filter.class, i.class) && has(filter.kind, i.kind)
      && (filter.inventoried === undefined || filter.inventoried === String(i.inventoried)));
    return page(found, filter.limit, filter.cursor, ({ open_findings: open, events, urn }) => [-open, -events, urn]);
  }

  async events(filter: EventsFilter): Promise<{ items: NhiEvent[]; truncated: boolean }> {
    const p = this.#processor();
    const query: { from: number; to: number; principalKeys?: string[] } = { from: filter.from ?? 0, to: filter.to ?? Number.MAX_SAFE_INTEGER };
    if (filter.identity) {
      query.principalKeys = filter.identity.flatMap((urn) => {
        const identity = p.identities.get(urn);
        return identity ? p.identities.principalKeys(identity) : [];
      });
      if (query.principalKeys.length === 0) return { items: [], truncated: false };
    }
    const newest: NhiEvent[] = [];
    const seen = new Set<string>();
    let truncated = false;
    for await (const event of this.#journal().scan(query)) {
      if (event.flags.includes('context')) continue;
      const uid = eventUid(event);
      if (seen.has(uid)) continue;
      seen.add(uid);
      event.metadata.uid = uid;
      p.describe(event);
      // Calls of several agents may have been journaled under the name of one service, those of a key under its holder.
      if (filter.identity && ['trace', 'alias'].includes(event.actor.identity.resolution) && !filter.identity.includes(event.actor.identity.urn ?? '')) continue;
      newest.push(event);
      if (newest.length >= 2 * filter.limit) {
        truncated = true;
        newest.sort((a, b) => a.time - b.time).splice(0, filter.limit);
      }
    }
    newest.sort((a, b) => a.time - b.time || ((a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1));
    truncated ||= newest.length > filter.limit;
    return { items: newest.slice(-filter.limit), truncated };
  }

  coverage(): FleetCoverage {
    return this.#coverage.fleet(new StateReadout(this.#processor()).coverage());
  }

  identityCoverage(filter: IdentitiesFilter): Page<IdentityCoverage> {
    return this.#coverage.identities(filter);
  }

  async status(): Promise<StatusReport> {
    const p = this.#processor();
    const readout = new StateReadout(p);
    const { problems, ...other } = await this.#status();
    const identities = { total: 0, machine: 0, human: 0, platform: 0, unknown: 0 };
    for (const identity of p.identities.all) {
      identities.total++;
      identities[p.identities.classOf(identity) as 'machine']++;
    }
    const findings = { open: 0, bySeverity: { critical: 0, warning: 0, info: 0 } as Record<string, number>, total: p.book.all.size };
    for (const { finding } of p.book.open()) {
      if (finding.state === 'silenced') continue;
      findings.open++;
      findings.bySeverity[finding.severity]!++;
    }
    const counts = new Map<string, number>();
    for (const { source, value } of readout.events()) counts.set(source, (counts.get(source) ?? 0) + value);
    const inventory = readout.inventory();
    return {
      ...other, identities, findings,
      sources: [...readout.sources()].map((s) => ({
        source: s.source, events: counts.get(s.source) ?? 0, lastReceive: s.lastReceive, lastEvent: s.lastEvent,
        silent: s.expectedInterval !== null && other.now - s.lastReceive > s.expectedInterval,
      })),
      coverage: Object.fromEntries([...readout.coverage()].map(({ state, value }) => [state, value])),
      inventory: { revision: inventory.revision, records: inventory.records().length, owners: inventory.owners().length, problems },
    };
  }
}

/** One identity as people and `replay --json` see it. */
export function summarise(p: Processor, identity: Identity): IdentitySummary {
  const { remit } = identity;
  return {
    urn: identity.urn, kind: p.identities.kindOf(identity), class: p.identities.classOf(identity),
    events: identity.success + identity.failure + identity.denied, first: identity.first, last: identity.last,
    owner: remit?.record.owner ?? null, purpose: remit?.record.purpose ?? null, environment: remit?.record.environment ?? null,
    lifecycle: remit?.lifecycle ?? 'unknown', inventoried: remit !== null, open_findings: p.book.openCount(identity.urn),
    aliases: p.identities.aliases(identity),
    shadow: p.shadows.of(identity.urn).map(({ urn: _, ...rest }) => rest),
  };
}

function matchesFinding(finding: Finding, filter: FindingsFilter): boolean {
  return has(filter.state, finding.state) && has(filter.severity, finding.severity) && has(filter.class, finding.class)
    && has(filter.detector, finding.detector) && has(filter.owner, finding.owner) && has(filter.identity, finding.identity)
    && (filter.from === undefined || finding.last >= filter.from) && (filter.to === undefined || finding.first < filter.to);
}

/** Findings in order of their beginning. */
function isBefore(a: Pick<Finding, 'first' | 'id'>, b: Pick<Finding, 'first' | 'id'>): boolean {
  return a.first < b.first || (a.first === b.first && a.id < b.id);
}

function has<T>(wanted: readonly T[] | undefined, value: T | null): boolean {
  return wanted === undefined || (value !== null && wanted.includes(value));
}
