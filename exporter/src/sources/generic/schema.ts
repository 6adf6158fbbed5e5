import { CATEGORIES, CREDENTIAL_TYPES, KINDS } from '@remit/contract';
import { z } from 'zod';
import { parseDuration } from '../../lib/duration.ts';
import { parsePath, parseText } from './paths.ts';

/** How a user says where the facts of an event lie in a record of theirs. */

const path = z.string().min(1).max(512).refine((text) => parsePath(text) !== null, {
  error: (issue) => noPath(String(issue.input)),
});

function noPath(text: string): string {
  return `${JSON.stringify(text.slice(0, 64))} is no path; fields are joined by dots, as in user.name or objects[0].id, odd names stand in quotes: "db.user".name`;
}

const template = z.string().min(1).max(1024).refine((text) => parseText(text) !== null, {
  error: 'a text with paths in braces, as in "db/{database}/{object.name}"; a brace itself is written twice',
});
const constant = z.union([z.string().max(1024), z.number(), z.boolean()], { error: 'a text, a number, true or false' });

const FROM = ['path', 'first', 'text', 'value'] as const;

/** One of `path`, `first`, `text`, `value`; then `map` and `default`. A bare text is a path. */
function valueOf<T extends z.ZodType>(answer: T) {
  const object = z.strictObject({
    path: path.optional().describe('Where it lies'),
    first: z.array(path).min(1).max(16).optional().describe('The first of these that is there'),
    text: template.optional().describe('Put together from several, none when one is missing: "{account}/{user}"'),
    value: answer.optional().describe('Always the same'),
    map: z.record(z.string().min(1).max(256), answer).optional().describe('What its values mean: patterns with * and ?, the first that fits counts, case is ignored'),
    default: answer.optional().describe('Where there is nothing, or nothing in map fits'),
  }).superRefine((value, context) => {
    const said = FROM.filter((from) => value[from] !== undefined);
    if (said.length !== 1) context.addIssue({ code: 'custom', message: `say one of ${FROM.join(', ')}${said.length === 0 ? '' : `, not ${said.join(' and ')}`}` });
  });
  return z.preprocess((given) => (typeof given === 'string' ? { path: given } : given), object);
}

const value = valueOf(constant);
const word = <const T extends readonly [string, ...string[]]>(words: T) => valueOf(z.enum(words, { error: `one of ${words.join(', ')}` }));
const truth = valueOf(z.boolean({ error: 'true or false' }));
/** One value or several: each is a path to a text or a list of texts. */
const values = z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(value).min(1).max(16));

export const TIME_FORMATS = ['rfc3339', 'epoch_s', 'epoch_ms', 'epoch_us', 'epoch_ns'] as const;
const time = z.preprocess((given) => (typeof given === 'string' ? { path: given } : given), z.strictObject({
  path: path.optional(), first: z.array(path).min(1).max(16).optional(),
  format: z.enum(TIME_FORMATS, { error: `one of ${TIME_FORMATS.join(', ')}` }).default('rfc3339'),
}).superRefine((given, context) => {
  if ((given.path === undefined) === (given.first === undefined)) context.addIssue({ code: 'custom', message: 'say path or first' });
}));

const slug = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes, a letter first; at most 32');
const duration = z.string().transform((text, context) => {
  const millis = parseDuration(text);
  if (millis === null || millis < 1) context.addIssue({ code: 'custom', message: 'a duration as Prometheus writes it, for example 10m' });
  return millis ?? 1;
});
const credential = word(CREDENTIAL_TYPES);

const resource = z.strictObject({
  each: path.optional().describe('A list: one resource for each element, and the other paths begin there'),
  id: value.optional(), name: value.optional(), type: value.optional(), namespace: value.optional(),
  class: value.optional().describe('public, internal, confidential or restricted'), owner: value.optional().describe('The account it belongs to'),
}).refine((given) => given.id !== undefined || given.name !== undefined, { error: 'say id or name' });

export const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const;

const fields = z.strictObject({
  time, end_time: time.optional(),
  duration: valueOf(z.number()).optional().describe('Milliseconds'),
  id: value.optional().describe('The record\'s own id; SHA-256 of the whole record when left out'),
  correlation: value.optional(), realm: value.optional().describe('What makes ids and names unique: an account, a cluster, a database'),
  principal: z.strictObject({
    provider: value.optional().describe('Where the record itself says it; provider of the mapping when left out'),
    id: value.optional().describe('An id that is never used again'), name: value.optional(), type: value.default({ value: 'user' }).describe('The provider\'s own word: role, user, app'),
    kind: word(KINDS).optional(), also: value.optional().describe('Another name it is known by'),
    person: truth.optional().describe('True where the record proves that a person acted'), machine: truth.optional().describe('True where the record proves that none did'),
    platform: truth.optional().describe('True for the provider\'s own principals'),
  }).refine((given) => given.id !== undefined || given.name !== undefined, { error: 'say id or name' }),
  delegation: values.optional().describe('On whose behalf, outermost first'),
  session: value.optional(), purpose: value.optional(),
  agent: z.strictObject({ id: value.optional(), name: value.optional(), version: value.optional() }).optional(),
  app: z.strictObject({ id: value.optional(), name: value.optional() }).optional(),
  credential: z.strictObject({ id: value.optional(), type: credential, issued: time.optional() }).optional(),
  issued: z.strictObject({ id: value, type: credential, to: value.optional() }).optional().describe('A credential that this made'),
  retired: z.strictObject({ id: value, of: value.optional() }).optional().describe('A credential that this ended'),
  service: value.optional(), operation: value, category: word(CATEGORIES),
  permission: values.optional().describe('PROVIDER:SERVICE:OPERATION when left out'), granted_by: values.optional(),
  resources: z.array(resource).min(1).max(16).optional(),
  outcome: word(OUTCOMES).optional(), status: value.optional().describe('The native code'), detail: value.optional(),
  ip: value.optional(), user_agent: value.optional(), country: value.optional(), as_number: value.optional(), workload: value.optional(), vpc_endpoint: value.optional(),
  bytes_out: value.optional(), bytes_in: value.optional(), rows: value.optional(), items: value.optional(), tokens: value.optional(),
  tool: z.strictObject({
    name: value, server: value.optional(), method: value.optional(), category: value.optional(),
    arguments: value.optional().describe('What was passed, as an object: only keyed hashes of it are kept'),
  }).optional(),
  trace: value.optional(), span: value.optional(), parent_span: value.optional(), sequence: value.optional(),
  cloud: z.strictObject({ provider: value, account: value.optional(), region: value.optional() }).optional(), cluster: value.optional(),
  monitoring: truth.optional().describe('True where it changes what is watched'), interactive_exec: truth.optional().describe('True for a shell inside a workload'),
});

/** One log of a user's, as they describe it. */
export const mappingSchema = z.strictObject({
  id: slug.describe('The source that its events are of'),
  title: z.string().min(1).max(128).optional(),
  provider: slug.optional().describe('As in urn:nhi:PROVIDER:…; the id when left out'),
  match: z.record(z.string(), z.union([constant, z.array(constant).min(1).max(256)], { error: 'a value, a list of values, or "*" for any' }))
    .superRefine((rules, context) => {
      const paths = Object.keys(rules);
      if (paths.length === 0 || paths.length > 16) context.addIssue({ code: 'custom', message: 'say 1 to 16 paths that tell these records from others' });
      for (const one of paths) if (parsePath(one) === null) context.addIssue({ code: 'custom', path: [one], message: noPath(one) });
    })
    .describe('All must hold: the value at the path is one of these; patterns with * and ?, case counts'),
  lateness: duration.prefault('10m').describe('How late records come at most'),
  max_silence: duration.prefault('6h').describe('Silence longer than this is worth a ticket'),
  time_resolution: duration.prefault('1ms').describe('In what steps its times come: 1s where they have no fraction'),
  fields,
});
export type Mapping = z.output<typeof mappingSchema>;
export type MappingInput = z.input<typeof mappingSchema>;
