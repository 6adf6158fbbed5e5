import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboards } from './index.ts';

// Against a VictoriaMetrics at VICTORIAMETRICS_URL and a Prometheus at PROMETHEUS_URL that hold the same: what a running Remit shows, and
// what rules/ record of it.
const { VICTORIAMETRICS_URL: VICTORIA, PROMETHEUS_URL: PROMETHEUS } = process.env;
/** Both scrape by a clock of their own: rates of little differ, and times since something by a scrape or two. */
const APART = { share: 0.25, count: 1, seconds: 35 };

interface Panel { title?: string; targets?: { expr?: string }[] }
interface Result { metric: Record<string, string>; value: [number, string] }
const RULES = ['remit', 'pipeline', 'dashboards'].flatMap((name) => (parse(readFileSync(new URL(`../../rules/${name}.rules.yml`, import.meta.url), 'utf8')) as { groups: { rules: { alert?: string; record?: string; expr: string }[] }[] }).groups)
  .flatMap(({ rules }) => rules.map(({ alert, record, expr }) => [alert ?? record ?? '', filled(expr)] as const));
const asked = [...RULES, ...dashboards('http://127.0.0.1:9847').flatMap(({ uid = '', panels = [] }) => (panels as Panel[]).flatMap(({ title = '', targets = [] }) => targets.flatMap(({ expr }) => (expr === undefined ? [] : [[`${uid}: ${title}`, filled(expr)] as const]))))];

describe('rules and dashboards on VictoriaMetrics', { timeout: 60_000 }, () => {
  it.each(asked)('%s: the same series as on Prometheus: %s', async (_, expr) => {
    const at = Math.floor(Date.now() / 1000) - 20;
    const [there, here] = await Promise.all([PROMETHEUS!, VICTORIA!].map((url) => query(url, expr, at)));
    expect([...here!.keys()].sort()).toEqual([...there!.keys()].sort());
    for (const [series, value] of here!) {
      const other = there!.get(series)!;
      if (Number.isFinite(value) && Number.isFinite(other)) expect(Math.abs(value - other), `${series}: ${value} and ${other}`).toBeLessThanOrEqual(Math.max(expr.includes('time()') ? APART.seconds : APART.count, APART.share * Math.max(Math.abs(value), Math.abs(other))));
      else expect(String(value)).toBe(String(other));
    }
  });
});

/** With all variables at their widest, and all of those that are the greatest: among equals each chooses as it likes. Of two minutes, so that neither need be older. */
function filled(expr: string): string {
  return expr.replaceAll('=~"_fleet_|$owner"', '=~"_fleet_|.*"').replaceAll('identity="$identity"', 'identity="urn:nhi:aws:111122223333:role/search-indexer"').replaceAll('$__rate_interval', '1m').replaceAll('[1h]', '[2m]').replaceAll(/\$\w+/g, '.*').replace(/^(topk|bottomk)\(\d+, /, '$1(10000, ');
}

async function query(base: string, expr: string, at: number): Promise<Map<string, number>> {
  const answer = await fetch(`${base}/api/v1/query?${new URLSearchParams({ query: expr, time: String(at) }).toString()}`);
  const { status, data, error } = (await answer.json()) as { status: string; error?: string; data?: { result: Result[] } };
  if (status !== 'success') throw new Error(error);
  // Instances are scraped by two jobs, and a name is no label.
  return new Map(data!.result.map(({ metric: { __name__: _, instance: __, job: ___, ...labels }, value: [, value] }) => [JSON.stringify(Object.entries(labels).sort()), Number(value)]));
}
