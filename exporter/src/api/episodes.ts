import { episodesFilterSchema, SEVERITIES } from '@remit/contract';
import type { Episode, Finding, FindingsFilter, Page, Reader } from '@remit/contract';
import { queryOf, sendJson } from '../lib/http-route.ts';
import type { Route } from '../lib/http-route.ts';
import { findingsOf } from './labelled.ts';
import { filterProblem } from './query.ts';

/** A finding that begins while an earlier one is open, or within this of its close, continues the episode, which pages once. */
const PAUSE = 24 * 3_600_000;
const AT_ONCE = 10_000;
/** Findings of an episode that are named, the latest. */
const NAMED = 20;

/**
 * Findings of one identity and detector of which each begins while an earlier one is open, or within 24 hours of its close, are one episode,
 * whatever their subjects and buckets: a principal that fails for a month is one line. In order of the last event, latest first; of findings in any order.
 */
export function episodesOf(findings: readonly Finding[], named: number = NAMED): Episode[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.identity, finding.detector]);
    const group = groups.get(key);
    if (group) group.push(finding);
    else groups.set(key, [finding]);
  }
  const episodes: Episode[] = [];
  for (const group of groups.values()) {
    let current: Finding[] = [];
    let last = -Infinity;
    for (const finding of group.sort((a, b) => a.first - b.first || (a.id < b.id ? -1 : 1))) {
      if (current.length > 0 && finding.first - last > PAUSE) {
        episodes.push(joined(current, named));
        current = [];
        last = -Infinity;
      }
      current.push(finding);
      last = Math.max(last, finding.last, isOpen(finding) ? Infinity : finding.closed_at ?? -Infinity);
    }
    episodes.push(joined(current, named));
  }
  return episodes.sort((a, b) => b.last - a.last || (a.id < b.id ? -1 : 1));
}

/** `GET /api/v1/episodes`: takes the filter of the findings, without a page of its own: at most `limit` episodes, the latest, and how many there are. */
export function episodeRoutes({ reader }: { reader: Reader }): Route[] {
  return [{
    method: 'GET', path: '/api/v1/episodes', access: 'read',
    handle: (request, response) => {
      const read = episodesFilterSchema.safeParse(queryOf(request));
      if (!read.success) return sendJson(response, 400, { error: filterProblem(read.error) });
      const { limit, ...filter } = read.data;
      const episodes = episodesOf(allOf(reader, { ...filter, limit: AT_ONCE }));
      sendJson(response, 200, { items: episodes.slice(0, limit), total: episodes.length });
    },
  }];
}

function allOf(reader: Reader, filter: FindingsFilter): Finding[] {
  const all: Finding[] = [];
  for (let page: Page<Finding> | null = findingsOf(reader, filter); page !== null;) {
    all.push(...page.items);
    page = page.cursor === null ? null : findingsOf(reader, { ...filter, cursor: page.cursor });
  }
  return all.filter(({ state }) => state !== 'withdrawn');
}

const isOpen = ({ state }: Finding): boolean => state === 'open' || state === 'acknowledged';

function joined(findings: readonly Finding[], named: number): Episode {
  const latest = findings.reduce((a, b) => (b.last > a.last || (b.last === a.last && b.id > a.id) ? b : a));
  const { id, identity, detector } = findings[0]!;
  const standing = findings.filter(isOpen);
  return {
    id, identity, detector, owner: latest.owner, open: standing.length,
    state: (standing.find(({ state }) => state === 'open') ?? standing[0] ?? latest).state,
    severity: SEVERITIES.find((severity) => findings.some((finding) => finding.severity === severity))!,
    first: Math.min(...findings.map(({ first }) => first)), last: latest.last, events: findings.reduce((sum, { count }) => sum + count, 0),
    findings: findings.length, subjects: [...new Set(findings.map(({ subject }) => subject))].slice(0, named), ids: findings.slice(-Math.min(named, findings.length)).map((finding) => finding.id), reason: latest.reason,
  };
}
