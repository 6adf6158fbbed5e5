import { FLEET } from '@remit/contract';
import type {
  Finding, FindingChange, IdentityReadout, IdentityRecord, Inventory, Millis, Outcome, Owner, Readout, Remit, Severity, SourceReadout,
} from '@remit/contract';

/** A small fleet whose numbers a test sets by hand: what the pipeline would show. */
export class HandMadeFleet implements Readout {
  /** Wall clock. */
  clock: Millis = Date.parse('2026-11-22T12:00:00Z');
  beat: Millis = 0;
  /** Events of history. */
  past = 0;
  feeds: SourceReadout[] = [];
  teams: Owner[] = [{ team: 'payments', enforce: true, budget: 5 }, { team: 'platform', enforce: false }];
  records: Remit[] = [];
  ends: { id: string; owner: string; expires_at: string }[] = [];
  matched: { exception: string; state: 'active' | 'expired'; value: number }[] = [];
  readonly #counts = new Map<string, IdentityReadout>();
  readonly #changed = new Set<string>();
  #revision = 1;
  #next = 1;

  readonly now = (): Millis => this.clock;

  *history(): ReturnType<Readout['history']> { yield { source: 'k8s-audit', value: this.past }; }

  /** Adds events of one identity. */
  events(): ReturnType<Readout['events']>;
  events(urn: string, outcome: Outcome, count?: number): void;
  events(urn?: string, outcome: Outcome = 'success', count = 1): ReturnType<Readout['events']> | undefined {
    if (urn === undefined) return this.#total();
    const read = this.#counts.get(urn) ?? fresh(urn);
    read[outcome] += count;
    read.last = this.clock;
    this.#counts.set(urn, read);
    this.#changed.add(urn);
    return undefined;
  }

  /** Changes anything else that is read of an identity. */
  change(urn: string, change: Partial<IdentityReadout>): void {
    this.#counts.set(urn, { ...(this.#counts.get(urn) ?? fresh(urn)), ...change });
    this.#changed.add(urn);
  }

  /** Everything is new again, as after a restart. */
  restarted(): void {
    for (const urn of this.#counts.keys()) this.#changed.add(urn);
  }

  /** A record of the inventory, in the order of the calls. */
  record(urn: string, change: Partial<IdentityRecord> = {}): void {
    const record: IdentityRecord = { urn, kind: 'service_account', criticality: 'medium', status: 'active', ...change };
    const owner = this.teams.find((t) => t.team === record.owner) ?? null;
    this.records.push({
      record, owner, where: 'inventory.yml:1', reviewed: true, declares: false, lifecycle: record.status, endOfLife: () => null,
      schedule: () => ({ state: 'undeclared' }), action: () => 'undeclared', resource: () => 'undeclared',
      network: () => 'undeclared', restricted: () => false, awaitsReview: () => false, owned: true, expectedRuns: () => [], environment: () => 'undeclared', foreignPlaces: () => [], sequences: [], forbidden: [], purpose: () => null, limits: [], arguments: [],
      tool: () => ({ category: 'write', writes: true, known: false, verdict: 'undeclared' }), rotation: () => (change.rotation?.interval === undefined ? null : {
        interval: 30 * 86_400_000, grace: 0, overlap: null, method: null, window: () => ({ state: 'undeclared' }), covers: () => true, rotator: () => 'undeclared',
      }),
      granted: () => 'undeclared', grantsOf: () => [], dataClass: () => 'undeclared',
    });
    this.reload();
  }

  reload(): void { this.#revision++; }

  /** A finding that opens now, as the findings book would report it. */
  finding(change: Partial<Finding> = {}): Finding {
    return {
      id: (this.#next++).toString(16).padStart(32, '0'), revision: 1, identity: 'urn:nhi:k8s:prod:service_account/billing/exporter',
      kind: 'service_account', class: 'remit', detector: 'outside-schedule', subject: 'schedule', bucket: '2026-11-22T02:00:00Z',
      state: 'open', severity: 'critical', owner: 'payments', purpose: null, reason: 'expected … observed …', expected: '…',
      observed: '…', first: this.clock, last: this.clock, count: 1, evidence: [], also: [], provisional: false,
      opened_at: this.clock, updated_at: this.clock, ...change,
    };
  }

  takeChanged(): IdentityReadout[] {
    const changed = [...this.#changed].flatMap((urn) => this.#counts.get(urn) ?? []);
    this.#changed.clear();
    return changed;
  }

  sources(): SourceReadout[] { return this.feeds; }
  coverage(): { state: string; value: number }[] { return [{ state: 'inventoried', value: this.records.length }, { state: 'shadow', value: 0 }]; }
  exceptionMatches(): { exception: string; state: 'active' | 'expired'; value: number }[] { return this.matched; }
  * thresholds(): ReturnType<Readout['thresholds']> { yield { channel: 'hour', scope: FLEET, value: 3.92 }; }
  held(): ReturnType<Readout['held']> { return { count: 3, oldest: this.clock - 3_600_000, needsVerdict: 1 }; }
  heartbeat(): Millis { return this.beat; }
  inventory(): Inventory {
    return {
      revision: String(this.#revision), records: () => this.records, owners: () => this.teams, match: () => null, ofCredential: () => null, exception: () => null,
      dataClass: () => null, tool: () => ({ category: 'write', writes: true, known: false, verdict: 'undeclared' }), ambiguities: () => [], expired: () => null,
      exceptions: () => this.ends.map((e) => ({ exception: { ...e, detector: '*', reason: 'a migration' }, identity: null, where: 'inventory.yml:9' })),
    };
  }

  *#total(): Generator<{ source: string; kind: 'nhi'; outcome: Outcome; value: number }> {
    for (const outcome of ['success', 'failure', 'denied'] as const) {
      let value = 0;
      for (const read of this.#counts.values()) value += read[outcome];
      yield { source: 'k8s-audit', kind: 'nhi', outcome, value };
    }
  }
}

/** The two detectors of the hand-made fleet. */
export const DETECTORS = [{ id: 'outside-schedule', class: 'remit' }, { id: 'volume', class: 'baseline' }] as const;
export const SOURCES = [{ id: 'aws-cloudtrail' }, { id: 'k8s-audit' }] as const;

export function changeOf(finding: Finding, change: FindingChange['change'] = 'opened', page = change === 'opened' && finding.severity === 'critical'): FindingChange {
  return { finding, change, page };
}

/** The next revision of a finding. */
export function later(finding: Finding, change: Partial<Finding> & { severity?: Severity }): Finding {
  return { ...finding, revision: finding.revision + 1, ...change };
}

function fresh(urn: string): IdentityReadout {
  return {
    urn, kind: 'service_account', class: 'machine', remit: null, success: 0, failure: 0, denied: 0, last: 0, ready: false,
    score: null, parts: null, expected: () => null, level: () => null, privileges: null,
  };
}
