import type { Difference, FindingDetail, FindingStep } from '@remit/contract';
import { detailOf } from '../api/detail.ts';
import { detectorsById, openCore } from '../app.ts';
import { loadConfig } from '../config.ts';
import { StateReader } from '../pipeline/reader.ts';
import { runbook } from '../runbooks.ts';
import { ask, errorOf } from './ask.ts';
import { EXIT, fail, UsageError } from './output.ts';

export interface ExplainOptions { url: string; tokenFile?: string; storagePath?: string; configFile?: string; json?: boolean }

/** `remit explain FINDING`: one finding in words, from a running service or from a storage that no service uses. */
export async function explain(id: string, options: ExplainOptions): Promise<void> {
  if (!/^[0-9a-f]{32}$/.test(id)) throw new UsageError(`${JSON.stringify(id.slice(0, 64))} is no finding id`, 'an id has 32 hex digits; `remit replay` and the status page list them');
  const finding = options.storagePath === undefined ? await fetched(id, options) : await look(id, options.storagePath, options.configFile);
  if (finding === undefined) return;
  if (finding === null) {
    process.stderr.write(`no finding has the id ${id}\n`);
    process.exitCode = EXIT.negative;
  } else process.stdout.write(options.json ? `${JSON.stringify(finding)}\n` : describe(finding));
}

async function fetched(id: string, options: ExplainOptions): Promise<FindingDetail | null> {
  const answer = await ask(options, `/api/v1/findings/${id}`);
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw new UsageError(`${options.url}: ${errorOf(answer)}`, 'a read token is passed with --token.file');
  return answer.body as FindingDetail;
}

async function look(id: string, storage: string, configFile: string | undefined): Promise<FindingDetail | null | undefined> {
  const { config, problems } = loadConfig(configFile);
  if (problems.length > 0) return void fail(problems);
  const core = await openCore({ storage, config });
  try {
    const { processor } = core.engine;
    const reader = new StateReader(() => processor, () => core.journal, () => Promise.reject(new Error('only findings are read here')));
    const finding = reader.finding(id);
    return finding && detailOf(finding, { reader, detector: (each) => detectorsById.get(each) ?? null, runbook });
  } finally {
    await core.close();
  }
}

function describe(f: FindingDetail): string {
  const { guidance, contact, since_last: last } = f;
  const lines = [
    `${f.severity.toUpperCase()}  ${f.title}  (${f.state}${f.provisional ? ', provisional until its hour closes' : ''})`,
    '', `  ${f.reason}`, '',
    `  identity   ${f.identity}  (${f.kind})`,
    `  owner      ${f.owner ?? 'nobody: no inventory record names one'}`,
    ...(contact === null ? [] : [`  ask        ${contact.contact ?? 'nobody is named'}${contact.escalation === null ? '' : `; escalation ${contact.escalation}`}`]),
    `  purpose    ${f.purpose ?? 'not declared'}`,
    `  expected   ${f.expected}`,
    `  observed   ${f.observed}`,
    `  when       ${at(f.first)} to ${at(f.last)}, ${f.count} ${f.count === 1 ? 'event' : 'events'}`,
    ...(f.score === undefined ? [] : [`  score      ${f.score.toFixed(2)}: one identity-hour in ${Math.round(10 ** f.score)} looks like this`]),
    ...(f.exception === undefined ? [] : [`  exception  ${f.exception}`]),
    ...(f.also.length === 0 ? [] : [`  also       ${f.also.join(', ')}`]),
    '', '  evidence',
    ...f.evidence.map((e) => `    ${at(e.time)}  ${e.operation}  ${e.outcome}${e.resource === undefined ? '' : `  ${e.resource}`}${e.network === undefined ? '' : `  from ${e.network}`}`),
    ...(guidance ? [
      '', `  do first   ${guidance.first_action}`, ...guidance.runbook === null ? [] : [`  runbook    ${guidance.runbook}`],
      '  harmless when', ...guidance.benign.map((b) => `    ${b}`),
      '  frameworks', ...guidance.frameworks.map((w) => `    ${w.name} ${w.version} ${w.id} ${w.title}`),
    ] : []),
    '', ...(last === null ? ['  since last time: the first of its kind for this identity in 30 days'] : [
      `  since last time: ${last.finding} (${last.state}), ${at(last.first)} to ${at(last.last)}, ${last.count} ${last.count === 1 ? 'event' : 'events'}`,
      ...last.differs.length === 0 ? ['    nothing that a finding shows differs'] : last.differs.map(difference),
    ]),
    ...(f.history === undefined ? [] : ['', '  history', ...f.history.map(step)]),
    '',
  ];
  // eslint-disable-next-line no-control-regex
  return lines.join('\n').replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

function at(time: number): string {
  return new Date(time).toISOString();
}

function difference({ what, before, now }: Difference): string {
  return `    ${what}: ${before === null ? '' : `was ${before}; `}now ${now ?? 'none'}`;
}

function step({ at: time, by, claimed_user: user, from, to, note }: FindingStep): string {
  const who = by === null ? 'by rule' : `by token ${by}${user === undefined ? '' : `, says to be ${user}`}`;
  return `    ${at(time)}  ${from === to ? to : `${from} → ${to}`}  ${who}${note === undefined ? '' : `: ${note.replace(/\s+/g, ' ')}`}`;
}
