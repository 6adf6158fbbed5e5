import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Finding } from '@remit/contract';
import type { ExampleCase, Feed } from '../../exporter/src/demo/cases.ts';
import type { ExporterProcess } from './exporter.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `remit replay` on a case as it lies in the repository: every finding that is not silenced. */
export async function replayed(id: string): Promise<Finding[]> {
  const files = globSync(`examples/${id}/events/*.jsonl`, { cwd: ROOT }).sort();
  const args = ['exporter/src/main.ts', 'replay', '--json', ...files, '--inventory.path', `examples/${id}/inventory`];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

/** Sends a case as its providers and shippers would, each to its own path. Resolves with all the answers' statuses. */
export async function sendCase(exporter: ExporterProcess, { feeds }: ExampleCase): Promise<number[]> {
  const statuses: number[] = [];
  for (const feed of feeds) {
    for (const { body, headers } of requests(feed)) statuses.push((await exporter.post(feed.to, body, headers)).status);
  }
  return statuses;
}

function requests({ to, records }: Feed): { body: string; headers: Record<string, string> }[] {
  const lines = records.map((record) => JSON.stringify(record));
  // An OTLP line is a request of an exporter; HEC events follow one another without a separator.
  if (to.startsWith('/v1/')) return lines.map((body) => ({ body, headers: { 'Content-Type': 'application/json' } }));
  if (to === '/services/collector') return [{ body: lines.map((line) => `{"sourcetype":"github","event":${line}}`).join(''), headers: { Authorization: 'Splunk none' } }];
  return [{ body: lines.join('\n'), headers: {} }];
}
