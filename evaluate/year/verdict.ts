import type { Finding } from '@remit/contract';
import { DAY, HOUR, MINUTE } from './calendar.ts';
import type { Judged } from './judge.ts';
import { KINDS, touches } from './plan.ts';
import type { Kind, Plan, Violation } from './plan.ts';

/** What must be found: one finding each. `why` says what for. */
interface Expected { urn: string; detector: string; bucket: string; why: string; violation: Violation | null }

/** How findings and what was planted agree. `learned` findings of the baselines are counted apart: their threshold allows some by design. */
export interface Report {
  identities: number; events: number; duplicates: number; seconds: number;
  planted: Record<Kind, number>; clocks: number; consequences: number;
  found: number; learned: number; pages: number;
  false_findings: string[]; missed: string[]; twice: string[]; wrong: string[];
}

/** Compares what was found with what was planted and what follows from it. */
export function verdictOn(plans: readonly Plan[], judged: Judged): Report {
  const expected = new Map<string, Expected>();
  const twice: string[] = [];
  for (const plan of plans) for (const one of expectedOf(plan)) {
    if (expected.has(keyOf(one))) throw new Error(`two violations were planted in one window: ${keyOf(one)}`);
    expected.set(keyOf(one), one);
  }
  const standing = judged.findings.filter(({ state }) => state !== 'withdrawn');
  const certain = standing.filter((finding) => finding.class !== 'baseline');
  const met = new Map<string, Finding>();
  const report: Report = {
    identities: plans.length, events: judged.events, duplicates: judged.duplicates, seconds: Math.round(judged.seconds),
    planted: Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Report['planted'], clocks: 0, consequences: 0,
    found: certain.length, learned: standing.length - certain.length, pages: certain.reduce((sum, { id }) => sum + (judged.pages.get(id) ?? 0), 0),
    false_findings: [], missed: [], twice, wrong: [],
  };
  for (const finding of certain) {
    const key = keyOf({ urn: finding.identity, detector: finding.detector, bucket: finding.bucket });
    const wanted = expected.get(key);
    if (wanted === undefined) report.false_findings.push(`${finding.detector} ${finding.identity} ${finding.bucket}: ${finding.reason}`);
    else if (met.has(key)) twice.push(`${key}: ${finding.subject} and ${met.get(key)!.subject}`);
    else {
      met.set(key, finding);
      if (wanted.violation !== null) report.wrong.push(...faultsOf(finding, wanted.violation, plans));
    }
  }
  for (const [key, { violation, why }] of expected) {
    if (violation === null) report.consequences++;
    else {
      report.planted[violation.kind]++;
      if (violation.clocks) report.clocks++;
    }
    if (!met.has(key)) report.missed.push(`${key}: ${why}`);
  }
  return report;
}

function keyOf({ urn, detector, bucket }: Pick<Expected, 'urn' | 'detector' | 'bucket'>): string {
  return `${detector} ${urn} ${bucket}`;
}

function expectedOf(plan: Plan): Expected[] {
  return [
    ...plan.violations.map((violation) => ({
      urn: violation.urn, detector: violation.detector, bucket: new Date(violation.bucket).toISOString(), why: violation.kind, violation,
    })),
    ...wakings(plan).map((bucket) => ({ urn: plan.job.urn, detector: 'dormant-woke', bucket: new Date(bucket).toISOString(), why: 'back after a long absence', violation: null })),
  ];
}

/**
 * What a missed run entails: the first success after more than 72 hours, more than twice the longest pause before, and a window that
 * went by meanwhile. Pauses are between hours, as the service counts them.
 */
function wakings({ job, acts }: Plan): number[] {
  const found: number[] = [];
  let longest = 0;
  let since: number | null = null;
  for (const { at, denied } of acts) {
    if (denied) continue;
    const hour = Math.floor(at / HOUR) * HOUR;
    if (since !== null && hour >= since) {
      const from = since;
      const wentBy = job.occurrences.some((o) => o.start >= from + HOUR && o.over <= at && !job.blackouts.some((b) => touches(o, b)));
      if (at - since > Math.max(72 * HOUR, 2 * longest) && wentBy) found.push(since);
      longest = Math.max(longest, hour - since);
    }
    since = hour + HOUR;
  }
  return found;
}

/** Where a finding does not say what happened: its count, the window it names and by how much that was missed. */
function faultsOf(finding: Finding, { detector, kind, occurrence, acts }: Violation, plans: readonly Plan[]): string[] {
  if (detector !== 'outside-schedule') return [];
  const faults: string[] = [];
  if (finding.count !== new Set(acts).size) faults.push(`counts ${finding.count} of ${acts.length} events`);
  if (occurrence !== null) {
    const { zone } = plans.find(({ job }) => job.urn === finding.identity)!.job;
    const window = `${local(occurrence.start, zone)}–`;
    const first = Math.min(...acts.map(({ at }) => at));
    const by = kind === 'early' ? `${span(occurrence.start - first)} before` : `${span(first - occurrence.end)} after`;
    if (!finding.expected.includes(window) || !finding.expected.endsWith(zone)) faults.push(`expected ${JSON.stringify(finding.expected)} does not name ${window} ${zone}`);
    if (!finding.observed.endsWith(`, ${by} the nearest window`)) faults.push(`observed ${JSON.stringify(finding.observed)} does not end with ${by}`);
  }
  return faults.map((fault) => `${finding.identity} ${finding.bucket} (${kind}): ${fault}`);
}

function local(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }).format(at);
}

/** The two largest units, rounded down. */
function span(length: number): string {
  if (length < MINUTE) return `${Math.floor(length / 1000)} s`;
  const [large, big, small, little] = length < HOUR ? [MINUTE, 'min', 1000, 's'] as const : length < DAY ? [HOUR, 'h', MINUTE, 'min'] as const : [DAY, 'd', HOUR, 'h'] as const;
  const rest = Math.floor((length % large) / small);
  return rest === 0 ? `${Math.floor(length / large)} ${big}` : `${Math.floor(length / large)} ${big} ${rest} ${little}`;
}
