import { hash } from 'node:crypto';
import { CATEGORIES, KINDS, RejectedRecord, type Category, type Flag, type Kind, type NhiEvent, type SourceContext } from '@remit/contract';
import { shapedActor, shapedEvent, shapedMetadata, shapedUser } from '../../lib/event-shape.ts';
import { urn } from '../../lib/urn.ts';
import { groups } from './groups.ts';
import type { Json } from './paths.ts';
import type { Mapping } from './schema.ts';
import { momentOf, textOf, textsOf, truthOf } from './values.ts';

const LONGEST_ID = 256;
const CLASS_API = 6003;
const CATEGORY: ReadonlySet<string> = new Set(CATEGORIES);
const PROVIDER = /^[a-z][a-z0-9-]{0,31}$/;
const KIND: ReadonlySet<string> = new Set(KINDS);

/** Makes the reader of one mapping: from a record to its event. The reader throws `RejectedRecord`. */
export function eventReader(mapping: Mapping): (record: Json, context: SourceContext) => NhiEvent {
  const { fields } = mapping;
  const time = momentOf(fields.time)!;
  const operation = textOf(fields.operation)!;
  const category = textOf(fields.category)!;
  const service = textOf(fields.service) ?? nothing;
  const id = textOf(fields.id, Infinity) ?? nothing;
  const realm = textOf(fields.realm, LONGEST_ID) ?? nothing;
  const principal = principalReader(mapping);
  const permissions = textsOf(fields.permission) ?? nothing;
  const adds = groups(mapping);
  const timeText = fields.time.path ?? fields.time.first!.join(', ');
  return (record, context) => {
    const when = time(record);
    if (when === undefined) throw new RejectedRecord('missing_field', timeText);
    if (Number.isNaN(when)) throw new RejectedRecord('bad_time', `${timeText} is no time of the format ${fields.time.format}`);
    const what = operation(record);
    if (what === undefined) throw new RejectedRecord('missing_field', nameOf(fields.operation));
    const place = realm(record);
    const part = service(record);
    const { provider, key, actor, flags } = principal(record, place ?? '');
    const kind = category(record) as Category | undefined;
    const event = shapedEvent({
      metadata: shapedMetadata(idOf(id(record), record), mapping.id, place, undefined), principal_key: key, time: when, class_uid: CLASS_API, activity_id: 0, actor,
      api: part === undefined ? { operation: what } : { service: { name: part }, operation: what },
      action: { category: kind === undefined || !CATEGORY.has(kind) ? 'write' : kind }, status_id: 0, outcome: { denied: false }, src_kind: 'unknown', flags,
    });
    if (event.action.category === 'read' || event.action.category === 'list') flags.push('read_only');
    event.privilege = { used: permissions(record) ?? [part === undefined ? `${provider}:${what}` : `${provider}:${part}:${what}`] };
    for (const add of adds) add(event, record, context);
    return event;
  };
}

const nothing = (): undefined => undefined;

function nameOf({ path, first, text }: Mapping['fields']['operation']): string {
  return path ?? first?.join(', ') ?? text ?? 'operation';
}

/** Ids that are too long keep their difference. */
function idOf(id: string | undefined, record: Json): string {
  if (id === undefined) return hash('sha256', JSON.stringify(record, inKeyOrder), 'hex');
  return id.length <= LONGEST_ID ? id : hash('sha256', id, 'hex');
}

function inKeyOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const sorted: [string, unknown][] = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted);
}

/** OCSF's user types: 1 user, 3 system, 4 service, 0 unknown. */
const USER = 1;
const SYSTEM = 3;
const SERVICE = 4;

interface Principal { provider: string; key: string; actor: NhiEvent['actor']; flags: Flag[] }

function principalReader({ id: mapped, provider: always = mapped, fields: { principal } }: Mapping): (from: Json, realm: string) => Principal {
  const said = textOf(principal.provider) ?? nothing;
  const id = textOf(principal.id, LONGEST_ID) ?? nothing;
  const name = textOf(principal.name, LONGEST_ID) ?? nothing;
  const type = textOf(principal.type, 64)!;
  const kind = textOf(principal.kind) ?? nothing;
  const also = textOf(principal.also, LONGEST_ID) ?? nothing;
  const person = truthOf(principal.person) ?? nothing;
  const machine = truthOf(principal.machine) ?? nothing;
  const platform = truthOf(principal.platform) ?? nothing;
  return (from, realm) => {
    const uid = id(from);
    const called = name(from) ?? uid;
    const flags: Flag[] = [];
    const word = said(from);
    const provider = word !== undefined && PROVIDER.test(word) ? word : always;
    if (called === undefined) return { provider, key: '', actor: shapedActor({ urn: null, kind: 'unknown', resolution: 'none' }, undefined), flags };
    const sort = wordOf(type(from));
    const isPlatform = platform(from) === true;
    const isPerson = person(from) === true;
    const isMachine = machine(from) === true;
    if (isPlatform) flags.push('platform_owned');
    if (isPerson) flags.push('interactive');
    else if (isMachine) flags.push('machine');
    const user = shapedUser(called, isPlatform ? SYSTEM : isPerson ? USER : isMachine ? SERVICE : 0, sort);
    if (uid !== undefined) user.uid = uid;
    const alias = also(from);
    if (alias !== undefined) user.uid_alt = alias;
    if (realm !== '') user.account = { uid: realm };
    const known = (kind(from) as Kind | undefined) ?? (isPlatform ? 'platform' : isPerson ? 'human' : 'unknown');
    return {
      provider, key: `${provider}:${realm}:${sort}/${uid ?? called}`, flags,
      actor: shapedActor({ urn: urn(provider, realm, sort, called), kind: KIND.has(known) ? known : 'unknown', resolution: uid === undefined ? 'derived' : 'immutable_id' }, user),
    };
  };
}

/** The provider's word for a sort of principal, as a URN may carry it. */
function wordOf(type: string | undefined): string {
  const word = (type ?? '').toLowerCase().replaceAll(/[^a-z0-9_-]+/g, '_');
  return word === '' ? 'user' : word;
}
