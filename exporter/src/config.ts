import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { KINDS, type Problem } from '@remit/contract';
import { parseDuration } from './lib/duration.ts';
import { FREE_TEXT } from './lib/tool-arguments.ts';
import { readYaml } from './lib/yaml-file.ts';
import { sources } from './registry.generated.ts';
import { mappingSchema, type Mapping } from './sources/generic/source.ts';

const duration = z.string().transform((text, context) => {
  const millis = parseDuration(text);
  if (millis === null) context.addIssue({ code: 'custom', message: 'a duration as Prometheus writes it, for example 30d' });
  return millis ?? 0;
});
const name = z.string().regex(/^[\x21-\x7e]{1,253}$/, '1 to 253 visible ASCII characters');
const MOST_MAPPINGS = 50;
const SOURCES: readonly string[] = sources.map(({ id }) => id);
const address = z.url({ protocol: /^https?$/, error: 'an address such as http://127.0.0.1:9093' }).transform((url) => url.replace(/\/+$/, ''));
const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'a label name as Prometheus allows it');
const token = z.strictObject({ token_file: z.string().min(1) }).optional();

const OWN_LABELS = ['alertname', 'identity', 'identity_owner', 'detector', 'severity'];

/** The configuration file. Every key has a default; unknown keys are errors. */
export const configSchema = z.strictObject({
  /** Bearer tokens, one file each; paths are relative to the configuration file. */
  auth: z.strictObject({ ingest: token, read: token, write: token, admin: token }).prefault({}),
  /** Pages a week that the fleet may cost: sets the threshold of learned findings. */
  budget: z.strictObject({
    pages_per_week: z.number().positive().max(10_000).default(5),
    /** Tickets a week of what was moved over 24 hours; as many as pages where nothing is said. */
    tickets_per_week: z.number().positive().max(10_000).optional(),
    /** Pages a week of single kinds of identity, within that of the fleet. */
    kinds: z.partialRecord(z.enum(KINDS), z.number().positive().max(10_000)).default({}),
  }).prefault({}),
  /** How long applied events are kept for queries, in event time and bytes. */
  retention: z.strictObject({
    time: duration.default(30 * 86_400_000), bytes: z.int().min(1 << 20).default(10 * 2 ** 30),
  }).prefault({}),
  /** Kubernetes cluster of records that come without one. */
  cluster: z.string().min(1).max(253).default('default'),
  /** Ways in beside HTTP. */
  receivers: z.strictObject({
    /** Files that are followed as they grow. Paths and patterns are relative to the configuration file. */
    files: z.array(z.strictObject({
      path: z.string().min(1).max(4096), feed: name.optional(), cluster: name.optional(), source: name.optional(),
    })).max(100).default([]),
  }).prefault({}),
  /** Logs of the user's own, by mappings of their fields: here, or one in each of these files, relative to the configuration file. */
  sources: z.strictObject({
    generic: z.array(mappingSchema).max(MOST_MAPPINGS).default([]),
    files: z.array(z.string().min(1).max(4096)).max(MOST_MAPPINGS).default([]),
  }).prefault({}),
  /** What may be known of the arguments that agents pass to tools: keyed hashes, of all but these. */
  agents: z.strictObject({
    arguments: z.strictObject({ except: z.array(z.string().min(1).max(512)).max(1024).default([...FREE_TEXT]) }).prefault({}),
  }).prefault({}),
  /** Where alerts' links to dashboards lead. */
  grafana: z.strictObject({ url: address.optional() }).prefault({}),
  /** Findings straight to Alertmanager, beside the rules or instead of them. */
  alertmanager: z.strictObject({
    push: z.enum(['off', 'with-rules', 'sole']).default('off'),
    urls: z.array(address).max(10).default([]),
    /** What Prometheus adds to its alerts: the `cluster` of the scrape and its external labels. */
    labels: z.record(label, z.string().max(128)).default({}),
    basic_auth: z.strictObject({ username: z.string().min(1).max(253), password_file: z.string().min(1) }).optional(),
    authorization: token,
  }).prefault({}).superRefine(({ push, urls, labels, basic_auth: basic, authorization }, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (push !== 'off' && urls.length === 0) wrong('urls', 'name the Alertmanagers that findings are pushed to');
    if (push !== 'off' && labels['cluster'] === undefined) wrong('labels', 'cluster is missing: the value that Prometheus gives it in the scrape, or rule and push are two alerts');
    for (const own of OWN_LABELS) if (labels[own] !== undefined) wrong('labels', `${own} is a label of findings themselves`);
    if (basic && authorization) wrong('authorization', 'give basic_auth or authorization, not both');
  }),
  metrics: z.strictObject({ series_limit: z.int().min(1000).max(1_000_000).default(20_000) }).prefault({}),
});
export type Config = z.output<typeof configSchema>;

/** Reads the file, or gives the defaults when there is none. */
export function loadConfig(file: string | undefined): { config: Config; problems: Problem[] } {
  const defaults = configSchema.parse({});
  if (file === undefined) return { config: defaults, problems: [] };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { config: defaults, problems: [{ file, line: 1, column: 1, severity: 'error', message: `cannot be read: ${(error as Error).message}` }] };
  }
  const listed = readMappings(file, text);
  const read = readYaml(file, text, configSchema.superRefine((config, context) => crossCheck(config, listed.mappings, context)));
  if (read.ok) for (const scope of Object.values(read.value.auth)) if (scope) scope.token_file = resolve(dirname(file), scope.token_file);
  if (read.ok) {
    const { basic_auth: basic, authorization } = read.value.alertmanager;
    if (basic) basic.password_file = resolve(dirname(file), basic.password_file);
    if (authorization) authorization.token_file = resolve(dirname(file), authorization.token_file);
  }
  if (read.ok) for (const followed of read.value.receivers.files) followed.path = resolve(dirname(file), followed.path);
  if (!read.ok || listed.problems.length > 0) return { config: defaults, problems: [...read.ok ? [] : read.problems, ...listed.problems] };
  read.value.sources.generic.push(...listed.mappings);
  return { config: read.value, problems: [] };
}

/** The mappings in files of their own. Files that the configuration names in a wrong way are its own problem. */
function readMappings(file: string, text: string): { mappings: Mapping[]; problems: Problem[] } {
  const named = filesSchema.safeParse(parseDocument(text, { logLevel: 'silent' }).toJS());
  const mappings: Mapping[] = [];
  const problems: Problem[] = [];
  for (const one of named.success ? named.data.sources.files.slice(0, MOST_MAPPINGS) : []) {
    const path = resolve(dirname(file), one);
    try {
      const read = readYaml(path, readFileSync(path, 'utf8'), mappingSchema);
      if (read.ok) mappings.push(read.value);
      else problems.push(...read.problems);
    } catch (error) {
      problems.push({ file: path, line: 1, column: 1, severity: 'error', message: `cannot be read: ${(error as Error).message}`, hint: 'sources.files names files with one mapping each' });
    }
  }
  return { mappings, problems };
}
const filesSchema = z.object({ sources: z.object({ files: z.array(z.string()) }) });

/** Every source has a name of its own, and what is followed names one that there is. */
function crossCheck({ sources: { generic }, receivers }: z.output<typeof configSchema>, inFiles: readonly Mapping[], context: z.RefinementCtx): void {
  const all = [...generic, ...inFiles].map(({ id }) => id);
  generic.forEach(({ id }, i) => {
    const why = SOURCES.includes(id) ? 'is a source that comes with Remit' : all.indexOf(id) !== all.lastIndexOf(id) ? 'is the id of two mappings' : null;
    if (why !== null) context.addIssue({ code: 'custom', path: ['sources', 'generic', i, 'id'], message: `${JSON.stringify(id)} ${why}; choose another` });
  });
  inFiles.forEach(({ id }, i) => {
    if (SOURCES.includes(id) || inFiles.slice(0, i).some((other) => other.id === id)) {
      context.addIssue({ code: 'custom', path: ['sources', 'files'], message: `the id ${JSON.stringify(id)} of one of the files is taken; choose another` });
    }
  });
  const known = [...SOURCES, ...all];
  receivers.files.forEach(({ source }, i) => {
    if (source !== undefined && !known.includes(source)) {
      context.addIssue({ code: 'custom', path: ['receivers', 'files', i, 'source'], message: `there is no such source; known: ${known.join(', ')}` });
    }
  });
}
