import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Explorer, Finding, FindingsFilter, FleetCoverage, IdentitiesFilter, IdentityCoverage, IdentitySummary, NhiEvent, Owner, Reader, StatusReport, Verdict } from '@remit/contract';
import { MemoryIngest } from '../../lib/cases/memory-ingest.ts';
import { listen } from '../listen.ts';
import type { Listening } from '../listen.ts';
import { receive } from '../../lib/receive.ts';
import { openTokens } from '../../lib/tokens.ts';
import type { TokenConfig } from '../../lib/tokens.ts';
import { createUploadGate } from '../../lib/upload.ts';
import type { UploadGate } from '../../lib/upload.ts';
import type { WebConfig } from '../../lib/web-config.ts';
import { FindingHub } from '../query/stream.ts';
import { createApi } from '../api.ts';
import type { ApiDeps, DetectorCard } from '../api.ts';


/** The other side of the HTTP surface, in memory: reads from arrays. */
export class MemoryReader implements Reader {
  all: Finding[] = [];
  known: IdentitySummary[] = [];
  archive: NhiEvent[] = [];
  report: StatusReport = emptyStatus();
  owners: Owner[] = [];
  asked: (FindingsFilter | IdentitiesFilter)[] = [];
  findings(filter: FindingsFilter): ReturnType<Reader['findings']> {
    this.asked.push(filter);
    const items = this.all.filter((each) => (filter.state?.includes(each.state) ?? true) && (filter.identity?.includes(each.identity) ?? true) && (filter.detector?.includes(each.detector) ?? true));
    return { items: items.slice(0, filter.limit), cursor: items.length > filter.limit ? 'more' : null, total: items.length };
  }
  finding(id: string): Finding | null { return this.all.find((each) => each.id === id) ?? null; }
  previous({ id, identity, detector, first }: Finding): Finding | null {
    return this.all.filter((each) => each.id !== id && each.identity === identity && each.detector === detector && each.first < first)
      .sort((a, b) => b.first - a.first)[0] ?? null;
  }
  owner(team: string): Owner | null { return this.owners.find((each) => each.team === team) ?? null; }
  identities(filter: IdentitiesFilter): ReturnType<Reader['identities']> {
    this.asked.push(filter);
    return { items: this.known, cursor: null, total: this.known.length };
  }
  events(): Promise<{ items: NhiEvent[]; truncated: boolean }> { return Promise.resolve({ items: this.archive, truncated: false }); }
  status(): Promise<StatusReport> { return Promise.resolve(this.report); }
  judged: IdentityCoverage[] = [];
  coverage(): FleetCoverage { return { at: NOW, identities: this.judged.length, states: {}, sources: [], detectors: [] }; }
  identityCoverage({ identity }: IdentitiesFilter): ReturnType<Reader['identityCoverage']> {
    const items = this.judged.filter((one) => identity?.includes(one.identity) ?? true);
    return { items, cursor: null, total: items.length };
  }
}

export function emptyStatus(): StatusReport {
  return {
    version: '0.1.0', ready: true, since: NOW - 3_600_000, now: NOW, demo: false, sources: [], rejected: [], coverage: {},
    identities: { total: 0, machine: 0, human: 0, platform: 0, unknown: 0 }, findings: { open: 0, bySeverity: {}, total: 0 },
    inventory: { revision: '', records: 0, owners: 0, problems: [] }, store: { journalBytes: 0, stateBytes: 0, position: 0, applied: 0 },
  };
}

export const NOW = Date.UTC(2026, 10, 22, 14, 3, 7);
export const NO_WEB: WebConfig = { tls: null, users: new Map(), rateLimit: null, headers: {} };

export interface Service extends Listening { ingest: MemoryIngest; reader: MemoryReader; gate: UploadGate; /** Temporary; goes with the service. */ folder: string; ready: boolean; live: boolean; reloads: number; verdicts: Verdict[]; end(): Promise<void> }

/** Nothing but findings: what queries answer is tested on a real store. */
class MemoryExplorer implements Explorer {
  readonly #reader: MemoryReader;
  constructor(reader: MemoryReader) { this.#reader = reader; }
  findings(): Finding[] { return this.#reader.all; }
  findingCount(): number { return this.#reader.all.length; }
  finding(id: string): Finding | null { return this.#reader.finding(id); }
  findingsOf(urn: string): Finding[] { return this.#reader.all.filter(({ identity }) => identity === urn); }
  openFindings(urn: string): Finding[] { return this.findingsOf(urn).filter(({ state }) => state === 'open'); }
  identities(): never[] { return []; }
  identity(): null { return null; }
  owners(): Owner[] { return this.#reader.owners; }
  exceptions(): never[] { return []; }
  threshold(): number { return 0; }
  events(): ReturnType<Explorer['events']> { return Promise.resolve({ events: [], more: false, last: null, partial: false }); }
  groups(): ReturnType<Explorer['groups']> { return Promise.resolve({ groups: [], looked: 0, partial: false, since: 0 }); }
  arrivals(): Promise<never[]> { return Promise.resolve([]); }
  hours(): Promise<never[]> { return Promise.resolve([]); }
  hoursSince(): number { return 0; }
}

/** A whole service on a free loopback port, with real sockets. Tokens are written to files first. */
export async function serve(options: {
  tokens?: Partial<Record<keyof TokenConfig, string>>; web?: WebConfig; loopback?: boolean; hosts?: string[];
  cards?: DetectorCard[]; runbooks?: Record<string, string>; deps?: Partial<ApiDeps>;
} = {}): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-api-'));
  const files = Object.fromEntries(Object.entries(options.tokens ?? {}).map(([scope, token]) => {
    writeFileSync(join(folder, scope), `${token}\n`);
    return [scope, join(folder, scope)];
  }));
  const { tokens } = openTokens(files);
  const ingest = new MemoryIngest();
  const reader = new MemoryReader();
  const gate = createUploadGate({ inFlight: () => ingest.bytesInFlight, limit: () => ingest.bytesLimit });
  const state = { ready: true, live: true, reloads: 0, verdicts: [] as Verdict[] };
  const web = options.web ?? NO_WEB;
  const api = createApi({
    reader, explorer: new MemoryExplorer(reader), hub: new FindingHub(), sequences: { read: () => [], isStray: () => false, isNoise: () => false },
    tokens, loopback: options.loopback ?? true, hosts: options.hosts ?? [], web: () => web, version: '0.1.0', log: pino({ level: 'silent' }),
    metrics: { write: (_request, response) => { response.type('text/plain').end('nhi_build_info 1\n'); return Promise.resolve(); } },
    ready: () => state.ready, live: () => state.live,
    reload: () => { state.reloads += 1; return Promise.resolve({ ok: true, problems: tokens.reload() }); },
    judge: (verdict) => {
      state.verdicts.push(verdict);
      const judged = reader.finding(verdict.finding);
      if (judged) judged.state = verdict.state;
      return Promise.resolve();
    },
    now: () => NOW, ocsf: ({ id }) => ({ finding_info: { uid: id } }),
    runbook: (id) => new Map(Object.entries(options.runbooks ?? {})).get(id) ?? null, detector: (id) => options.cards?.find((card) => card.id === id) ?? null,
    routes: [{ method: 'POST', path: '/ingest', access: 'ingest', handle: (request, response) => receive(request, response, { ingest, gate }, 'http') }], ...options.deps,
  });
  const listening = await listen(api.app, { address: { host: '127.0.0.1', port: 0, loopback: true }, tls: web.tls });
  return Object.assign(state, listening, {
    ingest, reader, gate, folder,
    end: async () => {
      await listening.close(100);
      await api.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
