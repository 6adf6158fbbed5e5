import { isIP } from 'node:net';
import { CREDENTIAL_TYPES, type CredentialType, type NhiEvent, type SourceContext } from '@remit/contract';
import { shapedEndpoint, shapedResource, shapedSession } from '../../lib/event-shape.ts';
import { urn } from '../../lib/urn.ts';
import { at, parsePath, type Json } from './paths.ts';
import type { Mapping } from './schema.ts';
import { countOf, momentOf, scalarOf, textOf, textsOf, truthOf } from './values.ts';

/** Adds one group of facts to an event; does nothing where the record has none. */
export type Add = (event: NhiEvent, from: Json, context: SourceContext) => void;

const LONGEST_ID = 256;
const MOST_RESOURCES = 64;
const TYPE: ReadonlySet<string> = new Set(CREDENTIAL_TYPES);
const nothing = (): undefined => undefined;

/** What a mapping says beyond who, when and what, group by group. */
export function groups({ fields: f }: Mapping): Add[] {
  const adds: (Add | null)[] = [
    outcome(f), session(f), credentials(f), resources(f), network(f), volume(f), tools(f), traces(f), places(f), sundry(f),
  ];
  return adds.filter((add) => add !== null);
}

type Fields = Mapping['fields'];

function outcome(f: Fields): Add | null {
  const said = textOf(f.outcome) ?? nothing;
  const status = textOf(f.status, 128) ?? nothing;
  const detail = textOf(f.detail, 256) ?? nothing;
  if (!f.outcome && !f.status && !f.detail) return null;
  return (event, from) => {
    const word = said(from);
    event.status_id = word === 'success' ? 1 : word === 'failure' || word === 'denied' ? 2 : 0;
    if (word === 'denied') event.outcome.denied = true;
    const code = status(from);
    if (code !== undefined) event.status_code = code;
    const text = detail(from);
    if (text !== undefined) event.status_detail = text;
  };
}

function session(f: Fields): Add | null {
  const uid = textOf(f.session, LONGEST_ID);
  const purpose = textOf(f.purpose, LONGEST_ID);
  const behalf = textsOf(f.delegation);
  const agent = f.agent ? { uid: textOf(f.agent.id), name: textOf(f.agent.name), version: textOf(f.agent.version) } : null;
  const app = f.app ? { id: textOf(f.app.id), name: textOf(f.app.name) } : null;
  if (!uid && !purpose && !behalf && !agent && !app) return null;
  return (event, from) => {
    const run = uid?.(from);
    if (run !== undefined) {
      event.actor.session = shapedSession(run, undefined);
      event.sequence_key = run;
    }
    set(event, 'purpose_uid', purpose?.(from));
    set(event.actor, 'delegation', behalf?.(from));
    set(event.actor, 'app_uid', app?.id?.(from));
    set(event.actor, 'app_name', app?.name?.(from));
    const known = agent ? filled({ uid: agent.uid?.(from), name: agent.name?.(from), version: agent.version?.(from) }) : undefined;
    if (known) event.ai_agent = known;
  };
}

function credentials(f: Fields): Add | null {
  const used = f.credential ? { uid: textOf(f.credential.id, LONGEST_ID), type: textOf(f.credential.type)!, issued: momentOf(f.credential.issued) } : null;
  const made = f.issued ? { uid: textOf(f.issued.id, LONGEST_ID)!, type: textOf(f.issued.type)!, to: textOf(f.issued.to, LONGEST_ID) } : null;
  const ended = f.retired ? { uid: textOf(f.retired.id, LONGEST_ID)!, of: textOf(f.retired.of, LONGEST_ID) } : null;
  if (!used && !made && !ended) return null;
  const holder = (name: string | undefined, event: NhiEvent) =>
    (name === undefined ? {} : { name_key: beside(event, name) });
  return (event, from) => {
    if (used) {
      const uid = used.uid?.(from);
      const issued = used.issued?.(from);
      const type = typeOf(used.type(from));
      if (uid !== undefined || type !== 'none') event.credential = { ...uid === undefined ? {} : { uid }, type, ...issued === undefined || Number.isNaN(issued) ? {} : { issued_time: issued } };
    }
    const fresh = made?.uid(from);
    if (fresh !== undefined) event.issued = { uid: fresh, type: typeOf(made!.type(from)), ...holder(made!.to?.(from), event) };
    const gone = ended?.uid(from);
    if (gone !== undefined) event.retired = { uid: gone, ...holder(ended!.of?.(from), event) };
  };
}

/** The URN of another principal of the same sort. */
function beside({ actor, metadata }: NhiEvent, name: string): string {
  return urn(actor.identity.urn?.split(':', 3)[2] ?? metadata.source, metadata.realm ?? '', actor.user?.type ?? 'user', name);
}

function typeOf(word: string | undefined): CredentialType {
  return TYPE.has(word as CredentialType) ? word as CredentialType : 'none';
}

function resources(f: Fields): Add | null {
  if (!f.resources) return null;
  const readers = f.resources.map((r) => ({
    each: r.each === undefined ? null : parsePath(r.each)!, id: textOf(r.id), name: textOf(r.name), type: textOf(r.type, 128), namespace: textOf(r.namespace, 256),
    kind: textOf(r.class, 64), owner: textOf(r.owner, 256),
  }));
  return (event, from) => {
    const found: NonNullable<NhiEvent['resources']> = [];
    for (const r of readers) {
      const list = r.each === null ? from : at(from, r.each);
      for (const one of Array.isArray(list) ? list : [list]) {
        const uid = r.id?.(one);
        const name = r.name?.(one);
        if ((uid === undefined && name === undefined) || found.length >= MOST_RESOURCES) continue;
        const resource = shapedResource(uid, r.type?.(one));
        set(resource, 'name', name);
        set(resource, 'namespace', r.namespace?.(one));
        set(resource, 'data_classification', r.kind?.(one)?.toLowerCase());
        set(resource, 'owner_account', r.owner?.(one));
        found.push(resource);
      }
    }
    if (found.length > 0) event.resources = found;
  };
}

function network(f: Fields): Add | null {
  const ip = textOf(f.ip, 64);
  const agent = textOf(f.user_agent, 256);
  const country = textOf(f.country, 8);
  const as = countOf(f.as_number);
  const workload = textOf(f.workload, LONGEST_ID);
  const endpoint = textOf(f.vpc_endpoint, 128);
  if (!ip && !agent && !country && !as && !workload && !endpoint) return null;
  return (event, from) => {
    const address = ip?.(from);
    const where = shapedEndpoint(address !== undefined && isIP(address) !== 0 ? address : undefined);
    const land = country?.(from);
    if (land !== undefined) where.location = { country: land };
    const number = as?.(from);
    if (number !== undefined) where.autonomous_system = { number };
    set(where, 'workload_uid', workload?.(from));
    set(where, 'vpc_endpoint', endpoint?.(from));
    if (where.ip !== undefined) event.src_kind = 'ip';
    if (where.ip ?? where.location ?? where.autonomous_system ?? where.workload_uid ?? where.vpc_endpoint) event.src_endpoint = where;
    const browser = agent?.(from);
    if (browser !== undefined) event.http_request = { user_agent: browser };
  };
}

function volume(f: Fields): Add | null {
  const reads = (['bytes_out', 'bytes_in', 'rows', 'items', 'tokens'] as const).map((unit) => ({ unit, read: countOf(f[unit]) })).filter(({ read }) => read !== null);
  if (reads.length === 0) return null;
  return (event, from) => {
    let some: NhiEvent['volume'];
    for (const { unit, read } of reads) {
      const amount = read!(from);
      if (amount !== undefined) (some ??= {})[unit] = amount;
    }
    if (some) event.volume = some;
  };
}

function tools(f: Fields): Add | null {
  if (!f.tool) return null;
  const { name, server, method, category } = { name: textOf(f.tool.name, 256)!, server: textOf(f.tool.server, 256), method: textOf(f.tool.method, 128), category: textOf(f.tool.category, 128) };
  const passed = f.tool.arguments ? scalarOf(f.tool.arguments) : null;
  return (event, from, { values }) => {
    const called = name(from);
    if (called === undefined) return;
    const tool: NonNullable<NhiEvent['tool']> = { name: called };
    set(tool, 'server', server?.(from));
    set(tool, 'method', method?.(from));
    set(tool, 'category', category?.(from));
    if (passed && values) set(tool, 'arguments', values.of(called, passed(from)));
    event.tool = tool;
  };
}

function traces(f: Fields): Add | null {
  const trace = textOf(f.trace, 128);
  const span = textOf(f.span, 128);
  const parent = textOf(f.parent_span, 128);
  const sequence = textOf(f.sequence, LONGEST_ID);
  const end = momentOf(f.end_time);
  const duration = countOf(f.duration);
  if (!trace && !sequence && !end && !duration) return null;
  return (event, from) => {
    const uid = trace?.(from);
    if (uid !== undefined) {
      const of = span?.(from);
      const above = parent?.(from);
      event.trace = of === undefined ? { uid } : { uid, span: above === undefined ? { uid: of } : { uid: of, parent_uid: above } };
    }
    event.sequence_key = sequence?.(from) ?? uid ?? event.sequence_key;
    const took = duration?.(from);
    const ended = end?.(from);
    if (took !== undefined) event.duration = took;
    if (ended !== undefined && ended >= event.time) event.end_time = ended;
    else if (took !== undefined) event.end_time = event.time + took;
  };
}

function places(f: Fields): Add | null {
  const cloud = f.cloud ? { provider: textOf(f.cloud.provider, 64)!, account: textOf(f.cloud.account, 256), region: textOf(f.cloud.region, 64) } : null;
  const cluster = textOf(f.cluster, 256);
  if (!cloud && !cluster) return null;
  return (event, from) => {
    const provider = cloud?.provider(from);
    if (provider !== undefined) {
      const account = cloud!.account?.(from);
      event.cloud = { provider, ...account === undefined ? {} : { account: { uid: account } } };
      set(event.cloud, 'region', cloud!.region?.(from));
    }
    const name = cluster?.(from);
    if (name !== undefined) event.k8s = { cluster: name };
  };
}

function sundry(f: Fields): Add | null {
  const correlation = textOf(f.correlation, LONGEST_ID);
  const granted = textsOf(f.granted_by);
  const monitoring = truthOf(f.monitoring);
  const exec = truthOf(f.interactive_exec);
  if (!correlation && !granted && !monitoring && !exec) return null;
  return (event, from) => {
    set(event.metadata, 'correlation_uid', correlation?.(from));
    const by = granted?.(from);
    if (by !== undefined) event.privilege!.granted_by = by;
    if (monitoring?.(from)) event.flags.push('monitoring');
    if (exec?.(from)) event.flags.push('exec');
  };
}

function set<T extends object, K extends keyof T>(object: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined) object[key] = value;
}

/** Without what is undefined; undefined when nothing is left. */
function filled<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } | undefined {
  const kept = Object.entries(object).filter(([, value]) => value !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept) as never;
}
