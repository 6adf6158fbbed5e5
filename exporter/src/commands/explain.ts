import { readFileSync } from 'node:fs';
import type { Finding } from '@remit/contract';
import { detectorsById, openCore } from '../app.ts';
import { loadConfig } from '../config.ts';
import { EXIT, fail, UsageError } from './output.ts';

export interface ExplainOptions { url: string; tokenFile?: string; storagePath?: string; configFile?: string; json?: boolean }

/** `remit explain FINDING`: one finding in words, from a running service or from a storage that no service uses. */
export async function explain(id: string, options: ExplainOptions): Promise<void> {
  if (!/^[0-9a-f]{32}$/.test(id)) throw new UsageError(`${JSON.stringify(id.slice(0, 64))} is no finding id`, 'an id has 32 hex digits; `remit replay` and the status page list them');
  const finding = options.storagePath === undefined ? await ask(id, options) : await look(id, options.storagePath, options.configFile);
  if (finding === undefined) return;
  if (finding === null) {
    process.stderr.write(`no finding has the id ${id}\n`);
    process.exitCode = EXIT.negative;
  } else process.stdout.write(options.json ? `${JSON.stringify(finding)}\n` : describe(finding));
}

async function ask(id: string, { url, tokenFile }: ExplainOptions): Promise<Finding | null> {
  const headers: Record<string, string> = tokenFile === undefined ? {} : { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
  let response: Response;
  try {
    response = await fetch(new URL(`/api/v1/findings/${id}`, url), { headers });
  } catch (error) {
    throw new UsageError(`${url} does not answer: ${String((error as Error).cause ?? error)}`, 'start `remit serve`, name another --url, or read a storage with --storage.path');
  }
  if (response.status === 404) return null;
  if (!response.ok) throw new UsageError(`${url} answered ${response.status}`, 'a read token is passed with --token.file');
  return (await response.json()) as Finding;
}

async function look(id: string, storage: string, configFile: string | undefined): Promise<Finding | null | undefined> {
  const { config, problems } = loadConfig(configFile);
  if (problems.length > 0) return void fail(problems);
  const core = await openCore({ storage, config });
  try {
    return core.engine.processor.finding(id)?.finding ?? null;
  } finally {
    await core.close();
  }
}

function describe(f: Finding): string {
  const detector = detectorsById.get(f.detector);
  const at = (time: number) => new Date(time).toISOString();
  const lines = [
    `${f.severity.toUpperCase()}  ${detector?.title ?? f.detector}  (${f.state}${f.provisional ? ', provisional until its hour closes' : ''})`,
    '', `  ${f.reason}`, '',
    `  identity   ${f.identity}  (${f.kind})`,
    `  owner      ${f.owner ?? 'nobody: no inventory record names one'}`,
    `  purpose    ${f.purpose ?? 'not declared'}`,
    `  expected   ${f.expected}`,
    `  observed   ${f.observed}`,
    `  when       ${at(f.first)} to ${at(f.last)}, ${f.count} ${f.count === 1 ? 'event' : 'events'}`,
    ...(f.score === undefined ? [] : [`  score      ${f.score.toFixed(2)}: one identity-hour in ${Math.round(10 ** f.score)} looks like this`]),
    ...(f.exception === undefined ? [] : [`  exception  ${f.exception}`]),
    ...(f.also.length === 0 ? [] : [`  also       ${f.also.join(', ')}`]),
    '', '  evidence',
    ...f.evidence.map((e) => `    ${at(e.time)}  ${e.operation}  ${e.outcome}${e.resource === undefined ? '' : `  ${e.resource}`}${e.network === undefined ? '' : `  from ${e.network}`}`),
    ...(detector ? [
      '', `  do first   ${detector.firstAction}`, '  harmless when', ...detector.benign.map((b) => `    ${b}`),
      '  frameworks', ...detector.frameworks.map((w) => `    ${w.name} ${w.version} ${w.id} ${w.title}`),
    ] : []),
    '',
  ];
  // eslint-disable-next-line no-control-regex
  return lines.join('\n').replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
