import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// Derives the JSON Schema of the class Detection Finding from a checkout of the Open Cybersecurity Schema Framework; see README.md.
//   node exporter/src/sinks/ocsf/cases/derive-schema.ts FOLDER > exporter/src/sinks/ocsf/cases/detection-finding.schema.json

/** Objects that are part of the schema. Attributes of other objects are left out, and so refused: stricter than the original, never laxer. */
const OBJECTS = [
  'account', 'actor', 'analytic', 'api', 'attack', 'evidences', 'finding_info', 'key_value_object', 'metadata', 'network_endpoint', 'product',
  'programmatic_credential', 'remediation', 'resource_details', 'service', 'sub_technique', 'tactic', 'technique', 'user',
];

interface Attribute { type?: string; is_array?: boolean; requirement?: string | null; profile?: string | null; sibling?: string; enum?: Record<string, { caption: string }> }
interface Definition { uid?: number; caption?: string; category?: string; extends?: string; constraints?: Record<string, string[]>; attributes: Record<string, Attribute> }
interface Dictionary { attributes: Record<string, Attribute>; types: { attributes: Record<string, { type?: string; regex?: string; max_len?: number; range?: [number, number] }> } }
type Schema = Record<string, unknown>;

const folder = process.argv[2] ?? '.';
const read = <T>(path: string): T => JSON.parse(readFileSync(join(folder, path), 'utf8')) as T;
const dictionary = read<Dictionary>('dictionary.json');
const { version } = read<{ version: string }>('version.json');

const finding = resolved('events/findings/detection_finding.json', ['events/findings', 'events']);
const category = read<{ attributes: Record<string, { uid: number; caption: string }> }>('categories.json').attributes['findings']!;
const classUid = category.uid * 1000 + finding.uid!;
const activities = finding.attributes['activity_id']!.enum!;
const root = schemaOf(finding);
Object.assign(root['properties'] as Schema, {
  category_uid: { const: category.uid }, category_name: { const: category.caption }, class_uid: { const: classUid }, class_name: { const: finding.caption },
  type_uid: { enum: Object.keys(activities).map((id) => classUid * 100 + Number(id)) },
  type_name: { enum: Object.values(activities).map(({ caption }) => `${finding.caption}: ${caption}`) },
});
(root['properties'] as Record<string, Schema>)['metadata'] = { allOf: [{ $ref: '#/$defs/metadata' }, { properties: { version: { const: version } } }] };
process.stdout.write(`${JSON.stringify({
  $schema: 'http://json-schema.org/draft-07/schema#', title: `OCSF ${version} ${finding.caption}`,
  $comment: 'Derived from https://github.com/ocsf/ocsf-schema (Apache License 2.0) by derive-schema.ts. Without profiles.',
  ...root, $defs: Object.fromEntries(OBJECTS.map((name) => [name, schemaOf(resolved(`objects/${name}.json`, ['objects']))])),
}, null, 1)}\n`);

/** A definition with what it inherits and what the dictionary says of its attributes. Those of profiles are left out. */
function resolved(path: string, parents: readonly string[]): Definition {
  const own = read<Definition>(path);
  const parent = own.extends === undefined ? null : resolved(parents.map((each) => `${each}/${own.extends}.json`).find((each) => existsSync(join(folder, each)))!, parents);
  const attributes: Record<string, Attribute> = { ...parent?.attributes };
  for (const [name, attribute] of Object.entries(own.attributes)) {
    if (name === '$include' || (attribute.profile !== undefined && attribute.profile !== null)) continue;
    const inherited = attributes[name] ?? dictionary.attributes[name] ?? {};
    const requirement = attribute.requirement ?? inherited.requirement;
    attributes[name] = {
      ...inherited, ...attribute, ...requirement === undefined ? {} : { requirement },
      ...inherited.enum || attribute.enum ? { enum: { ...inherited.enum, ...attribute.enum } } : {},
    };
  }
  return { ...parent, ...own, ...own.constraints ?? parent?.constraints ? { constraints: own.constraints ?? parent!.constraints! } : {}, attributes };
}

function schemaOf({ attributes, constraints }: Definition): Schema {
  const properties: Record<string, Schema> = {};
  const pairs: Schema[] = [];
  for (const [name, attribute] of Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const value = valueOf(attribute);
    if (value === null) continue;
    properties[name] = attribute.is_array ? { type: 'array', items: value } : value;
    if (attribute.enum && attribute.sibling !== undefined && attribute.sibling in attributes) pairs.push(...pairsOf(name, attribute.sibling, attribute.enum));
  }
  const required = Object.entries(attributes).filter(([, { requirement }]) => requirement === 'required').map(([name]) => name).sort();
  const allOf = [
    ...pairs,
    ...(constraints?.['at_least_one'] ? [{ anyOf: constraints['at_least_one'].map((name) => ({ required: [name] })) }] : []),
    ...(constraints?.['just_one'] ? [{ oneOf: constraints['just_one'].map((name) => ({ required: [name] })) }] : []),
  ];
  return { type: 'object', additionalProperties: false, ...required.length > 0 ? { required } : {}, properties, ...allOf.length > 0 ? { allOf } : {} };
}

/** Null for an object that is not part of the schema. */
function valueOf({ type = 'string_t', enum: values }: Attribute): Schema | null {
  if (!(type in dictionary.types.attributes)) return type === 'object' ? { type: 'object' } : OBJECTS.includes(type) ? { $ref: `#/$defs/${type}` } : null;
  const known = dictionary.types.attributes[type]!;
  const base = known.type ?? type;
  if (base === 'json_t') return {};
  if (base === 'boolean_t') return { type: 'boolean' };
  if (base === 'float_t') return { type: 'number' };
  if (base === 'string_t') {
    return { type: 'string', ...known.max_len === undefined ? {} : { maxLength: known.max_len }, ...known.regex === undefined ? {} : { pattern: known.regex }, ...values ? { enum: Object.keys(values) } : {} };
  }
  return { type: 'integer', ...known.range ? { minimum: known.range[0], maximum: known.range[1] } : {}, ...values ? { enum: Object.keys(values).map(Number) } : {} };
}

/** A label beside its number is the caption of that number, save for 99, whose label is the source's own and must be there. */
function pairsOf(id: string, label: string, values: Record<string, { caption: string }>): Schema[] {
  return Object.entries(values).map(([key, { caption }]) => {
    const number = Number(key);
    return number === 99
      ? { if: { properties: { [id]: { const: number } }, required: [id] }, then: { required: [label] } }
      : { if: { properties: { [id]: { const: number } }, required: [id, label] }, then: { properties: { [label]: { const: caption } } } };
  });
}
