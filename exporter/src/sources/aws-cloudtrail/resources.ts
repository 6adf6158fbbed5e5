import type { NhiEvent } from '@remit/contract';
import { shapedResource } from '../../lib/event-shape.ts';
import { account as accountId, list, object, text, type Json } from './fields.ts';
import { otherSides } from './other-sides.ts';
import { ANY_NAMING, NAMINGS, TYPES, type Naming, type Namings } from './resource-table.ts';
import { granteesOf } from './shares.ts';

type Resource = NonNullable<NhiEvent['resources']>[number];

/** Where the call was made: what ARNs are built from. */
export interface Place { service: string; operation: string; partition: string; region: string; account: string }

const MOST = 16;
const LONGEST = 512;
const MOST_PARAMETERS = 64;
const ELSEWHERE = ['responseElements', 'additionalEventData', 'serviceEventDetails'] as const;

/**
 * What the call touched, the target first, at most 16: the record's own `resources`, else what its parameters name. What is copied from,
 * and where copies go from then on, follows in any case. Accounts that a grant lets in come last, of type `grantee`, with the account
 * (or `*` for everyone) as owner.
 */
export function resourcesOf(record: Json, said: Json | undefined, place: Place, grants: boolean): Resource[] | undefined {
  const found: Resource[] = [];
  const request = said && place.service === 'ec2' ? unwrapped(said) : said;
  for (const item of list(record['resources'])) {
    if (found.length === MOST) break;
    const native = object(item);
    if (native) addNative(native, place, found);
  }
  if (found.length === 0 && request) named(request, place, found);
  for (const field of ELSEWHERE) {
    const parameters = found.length === 0 ? object(record[field]) : undefined;
    if (parameters) named(parameters, place, found);
  }
  if (request) for (const arn of otherSides(request, place)) if (found.length < MOST && !found.some(({ uid }) => uid === arn)) found.push(fromArn(arn, undefined, undefined, place));
  if (grants && request) {
    for (const grantee of granteesOf(request, place.account)) {
      if (found.length < MOST) found.push({ ...shapedResource(grantee.uid, 'grantee'), owner_account: grantee.account });
    }
  }
  return found.length > 0 ? found : undefined;
}

function addNative(native: Json, place: Place, found: Resource[]): void {
  const arn = text(native['ARN'], LONGEST) ?? text(native['ARNPrefix'], LONGEST) ?? text(native['arn'], LONGEST);
  if (!arn) return;
  const owner = accountId(native['accountId']) ?? accountId(native['account.id']);
  found.push(fromArn(arn, text(native['type'], 128), owner, place));
}

/** Some operations of EC2 have all their parameters in one, `DeleteFlowLogsRequest`, and write them with a capital. */
function unwrapped(request: Json): Json {
  let only: string | undefined;
  for (const name in request) {
    if (only !== undefined || !name.endsWith('Request')) return request;
    only = name;
  }
  const inside = only === undefined ? undefined : object(request[only]);
  if (!inside) return request;
  const found: Record<string, unknown> = {};
  for (const name of Object.keys(inside).slice(0, MOST_PARAMETERS)) if (name !== '__proto__') found[name.charAt(0).toLowerCase() + name.slice(1)] = inside[name];
  return found;
}

function named(parameters: Json, place: Place, found: Resource[]): void {
  if (place.service === 's3' && bucket(parameters, place, found)) return;
  const namings = NAMINGS.get(place.service);
  if (namings) applyAll(namings, parameters, place, found);
  if (found.length === 0) applyAll(ANY_NAMING, parameters, place, found);
}

/** Goes by the few parameters that are there, not by the many that could be. */
function applyAll(namings: Namings, parameters: Json, place: Place, found: Resource[]): void {
  let present: Naming[] | undefined;
  for (const parameter in parameters) {
    const matching = namings.get(parameter);
    if (matching) present = present ? present.concat(matching) : matching.slice();
  }
  if (!present) return;
  if (present.length > 1) present.sort((a, b) => a.rank - b.rank);
  for (const naming of present) apply(naming, parameters, place, found);
}

function bucket(parameters: Json, place: Place, found: Resource[]): boolean {
  const name = text(parameters['bucketName'], 256);
  if (!name) return false;
  const key = text(parameters['key'], 1024);
  // An access point goes by its ARN, and what is behind it by a path below that.
  const uid = name.startsWith('arn:') ? name + (key ? '/object/' + key : '') : 'arn:' + place.partition + ':s3:::' + name + (key ? '/' + key : '');
  const resource = shapedResource(text(uid, LONGEST) ?? uid, key ? 'AWS::S3::Object' : 'AWS::S3::Bucket');
  resource.name = text(key ?? name, 256) ?? name;
  found.push(resource);
  return true;
}

function apply(naming: Naming, parameters: Json, place: Place, found: Resource[]): void {
  if (naming.only !== undefined && !place.operation.includes(naming.only)) return;
  const value = parameters[naming.parameter];
  if (value === undefined || value === null) return;
  if (naming.field === undefined) {
    if (!Array.isArray(value)) add(naming, value, place, found);
    else for (const id of value.slice(0, MOST)) add(naming, id, place, found);
    return;
  }
  const holder = object(value);
  const items = holder?.['items'];
  if (Array.isArray(items)) for (const item of items.slice(0, MOST)) add(naming, object(item)?.[naming.field], place, found);
  else if (holder) add(naming, holder[naming.field], place, found);
}

function add(naming: Naming, value: unknown, place: Place, found: Resource[]): void {
  // The console's XML turned to JSON holds an id as `{ content, tag }`.
  const id = text(value, LONGEST) ?? text(object(value)?.['content'], LONGEST);
  if (!id || found.length === MOST) return;
  if (id.startsWith('arn:')) {
    found.push(fromArn(id, naming.type || undefined, undefined, place));
    return;
  }
  const resource = shapedResource(text(uidOf(naming, id, place), LONGEST) ?? id, naming.type || undefined);
  resource.name = text(id, 256) ?? id;
  found.push(resource);
}

function uidOf(naming: Naming, id: string, place: Place): string {
  if (naming.type === 'AWS::SQS::Queue' && id.startsWith('https://')) return queueArn(id, place);
  if (!naming.arn) return id;
  if (naming.arn.service === 's3') return 'arn:' + place.partition + ':s3:::' + id;
  const prefix = naming.type === 'AWS::KMS::Key' && id.startsWith('alias/') ? '' : naming.arn.prefix;
  const local = prefix.endsWith('/') && id.startsWith('/') ? id.slice(1) : id;
  return 'arn:' + place.partition + ':' + naming.arn.service + ':' + (naming.arn.regional ? place.region : '') + ':' + place.account + ':' + prefix + local;
}

/** `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME` as an ARN. */
function queueArn(url: string, place: Place): string {
  const [, , host = '', account = '', name = ''] = url.split('/', 5);
  if (!account || !name) return url;
  const region = host.split('.', 2)[1] ?? place.region;
  return 'arn:' + place.partition + ':sqs:' + region + ':' + account + ':' + name;
}

function fromArn(arn: string, type: string | undefined, owner: string | undefined, place: Place): Resource {
  // arn:partition:service:region:account:rest
  const service = arn.indexOf(':', arn.indexOf(':') + 1) + 1;
  const region = arn.indexOf(':', service) + 1;
  const account = arn.indexOf(':', region) + 1;
  const rest = arn.indexOf(':', account) + 1;
  const resource = shapedResource(arn, undefined);
  if (!arn.startsWith('arn:') || region === 0 || account === 0 || rest === 0) {
    if (type) resource.type = type;
    return withOwner(resource, owner, place);
  }
  const named = service > 0 ? arn.slice(service, region - 1) : '';
  const cut = named === 's3' ? -1 : arn.slice(rest).search(/[:/]/);
  const name = text(arn.slice(cut < 0 ? rest : rest + cut + 1), 256);
  if (name) resource.name = name;
  const kind = type ?? TYPES.get(named + ':' + (cut < 0 ? '' : arn.slice(rest, rest + cut)));
  if (kind) resource.type = kind;
  return withOwner(resource, owner ?? arn.slice(account, rest - 1), place);
}

function withOwner(resource: Resource, owner: string | undefined, place: Place): Resource {
  if (owner && owner !== place.account && /^\d{12}$/.test(owner)) resource.owner_account = owner;
  return resource;
}
