import { FLAGS, type NhiEvent } from '@remit/contract';
import { checkFormat, Reader, Writer } from './event-bytes.ts';

/**
 * Events as bytes, for the journal: fields in the order of the schema, repeated texts once, numbers as varints. Several times
 * faster and smaller than JSON. A field that the schema gains must be added on both sides and `VERSION` raised; a test
 * goes through the whole schema. `event-skim.ts` walks over the same fields without keeping them.
 *
 * Layout: version, u32 length of the texts, the texts, u32 number of events, the fields. An absent text is 0, else its place + 1;
 * an absent object is 0, else 1 and its fields; an absent number is 0, null 1, else 2 + value. The texts: 0 for UTF-8, 1 for
 * UTF-16, u32 number of them, their lengths in UTF-16 units as u32, and all of them without anything between.
 */
export function encodeEvents(events: readonly NhiEvent[]): Uint8Array {
  const written = WRITTEN.get(events);
  if (written) {
    WRITTEN.delete(events);
    return written;
  }
  const writer = spare.pop() ?? new Writer();
  for (let i = 0; i < events.length; i++) writeEvent(writer, events[i]!);
  return close(writer, events.length);
}

/**
 * A list of events that is encoded as it grows, while each event is still at hand: `encodeEvents` of the list then has its bytes
 * already, the first time. Nobody may change the events before that.
 */
export class EventList {
  readonly events: NhiEvent[] = [];
  #writer: Writer | null = null;

  add(event: NhiEvent): void {
    this.events.push(event);
    writeEvent(this.#writer ??= spare.pop() ?? new Writer(), event);
  }

  /** The events; nothing may be added any more. */
  close(): NhiEvent[] {
    if (this.#writer) WRITTEN.set(this.events, close(this.#writer, this.events.length));
    this.#writer = null;
    return this.events;
  }
}

const WRITTEN = new WeakMap<readonly NhiEvent[], Uint8Array>();
/** Writers between two lists; each remembers much, so they are used again. */
const spare: Writer[] = [];
const MOST_SPARE = 8;

function close(writer: Writer, count: number): Uint8Array {
  const bytes = writer.finish(count);
  if (spare.length < MOST_SPARE) spare.push(writer);
  return bytes;
}

/** The events that `encodeEvents` wrote. Throws when the bytes are of another version or damaged. */
export function decodeEvents(bytes: Uint8Array): NhiEvent[] {
  checkFormat(bytes);
  const reader = new Reader(bytes);
  return Array.from({ length: reader.count }, () => readEvent(reader));
}

function writeEvent(w: Writer, e: NhiEvent): void {
  const { metadata, actor, credential, issued, retired, tool, cloud, volume, trace, privilege } = e;
  w.reserve(FIXED + PER_RESOURCE * (e.resources?.length ?? 0) + PER_ARGUMENT * (tool?.arguments?.length ?? 0) + PER_TEXT * ((actor.delegation?.length ?? 0) + (privilege?.used?.length ?? 0) + (privilege?.granted_by?.length ?? 0)));
  w.text(0, metadata.uid); w.fresh(metadata.original_event_uid); w.text(2, metadata.source); w.text(3, metadata.realm); w.text(4, metadata.product);
  w.number(metadata.logged_time); w.number(metadata.processed_time); w.fresh(metadata.correlation_uid);
  w.text(6, e.principal_key); w.number(e.time); w.number(e.end_time); w.number(e.duration); w.number(e.class_uid); w.number(e.activity_id);
  w.text(7, actor.identity.urn ?? undefined); w.text(8, actor.identity.kind); w.text(9, actor.identity.resolution);
  const { user, session } = actor;
  if (w.has(user)) {
    w.text(10, user.uid); w.text(11, user.uid_alt); w.text(12, user.name); w.number(user.type_id); w.text(13, user.type); w.text(14, user.account?.uid);
  }
  w.text(15, actor.app_uid); w.text(16, actor.app_name);
  if (w.has(session)) {
    w.text(17, session.uid); w.text(18, session.issuer); w.number(session.created_time); w.flag(session.is_mfa);
  }
  w.texts(60, actor.delegation); w.text(19, actor.invoked_by);
  const agent = e.ai_agent;
  if (w.has(agent)) { w.text(20, agent.uid); w.text(21, agent.instance_uid); w.text(22, agent.name); w.text(23, agent.version); }
  if (w.has(credential)) { w.text(24, credential.uid); w.text(25, credential.type); w.number(credential.issued_time); }
  if (w.has(issued)) { w.text(26, issued.uid); w.text(27, issued.type); w.text(28, issued.principal_key); w.text(29, issued.name_key); }
  if (w.has(retired)) { w.text(63, retired.uid); w.text(64, retired.principal_key); w.text(65, retired.name_key); }
  w.text(66, e.purpose_uid);
  w.text(30, e.api.service?.name); w.text(31, e.api.operation); w.text(32, e.action.category);
  w.unsigned(tool === undefined ? 0 : tool.arguments === undefined ? 1 : 2);
  if (tool) { w.text(33, tool.name); w.text(34, tool.category); w.text(35, tool.server); w.text(36, tool.method); }
  if (tool?.arguments) {
    w.unsigned(tool.arguments.length + 1);
    for (const { path, hash } of tool.arguments) { w.text(69, path); w.unsigned(hash); }
  }
  const { resources } = e;
  w.unsigned(resources ? resources.length + 1 : 0);
  if (resources) {
    for (const r of resources) {
      w.text(37, r.uid); w.text(38, r.name); w.text(39, r.type); w.text(40, r.namespace); w.text(41, r.data_classification); w.text(42, r.owner_account);
    }
  }
  if (w.has(cloud)) { w.text(43, cloud.provider); w.text(44, cloud.account?.uid); w.text(45, cloud.region); }
  w.text(46, e.k8s?.cluster); w.unsigned(e.status_id); w.flag(e.outcome.denied); w.text(47, e.status_code); w.text(48, e.status_detail);
  const src = e.src_endpoint;
  if (w.has(src)) {
    w.text(49, src.ip); w.number(src.autonomous_system?.number); w.text(50, src.location?.country); w.text(51, src.vpc_endpoint); w.text(52, src.workload_uid);
  }
  w.text(53, e.src_kind); w.text(54, e.http_request?.user_agent);
  if (w.has(volume)) {
    w.number(volume.bytes_out); w.number(volume.bytes_in); w.number(volume.rows); w.number(volume.items); w.number(volume.tokens);
  }
  if (w.has(trace)) {
    w.text(55, trace.uid);
    const { span } = trace;
    if (w.has(span)) { w.text(56, span.uid); w.text(57, span.parent_uid); w.text(67, span.kind); }
    w.text(68, trace.sample_rate === undefined ? undefined : String(trace.sample_rate));
  }
  w.text(58, e.sequence_key);
  if (w.has(privilege)) { w.texts(61, privilege.used); w.texts(62, privilege.granted_by); w.text(59, privilege.decision); }
  let flags = 0;
  for (const flag of e.flags) flags |= 1 << FLAGS.indexOf(flag);
  w.unsigned(flags);
}

/** The next event of a reader. */
export function readEvent(r: Reader): NhiEvent {
  const metadata = compact({
    uid: r.text(), original_event_uid: r.text()!, source: r.text()!, realm: r.text(), product: r.text(),
    logged_time: r.number(), processed_time: r.number(), correlation_uid: r.text(),
  });
  const head = {
    metadata, principal_key: r.text()!, time: r.number()!, end_time: r.number(), duration: r.number(),
    class_uid: r.number()!, activity_id: r.number()!,
  };
  const identity = { urn: r.text() ?? null, kind: r.text(), resolution: r.text() };
  const user = r.has() ? compact({
    uid: r.text(), uid_alt: r.text(), name: r.text(), type_id: r.number(), type: r.text(), account: r.wrapped('uid'),
  }) : undefined;
  const actor = compact({
    identity, user, app_uid: r.text(), app_name: r.text(),
    session: r.has() ? compact({ uid: r.text(), issuer: r.text(), created_time: r.number(), is_mfa: r.flag() }) : undefined,
    delegation: r.texts(), invoked_by: r.text(),
  });
  const event = {
    ...head, actor,
    ai_agent: r.has() ? compact({ uid: r.text(), instance_uid: r.text(), name: r.text(), version: r.text() }) : undefined,
    credential: r.has() ? compact({ uid: r.text(), type: r.text(), issued_time: r.number() }) : undefined,
    issued: r.has() ? compact({ uid: r.text(), type: r.text(), principal_key: r.text(), name_key: r.text() }) : undefined,
    retired: r.has() ? compact({ uid: r.text(), principal_key: r.text(), name_key: r.text() }) : undefined,
    purpose_uid: r.text(),
    api: compact({ service: r.wrapped('name'), operation: r.text() }),
    action: { category: r.text() },
    tool: toolOf(r),
    resources: r.list(() => compact({
      uid: r.text(), name: r.text(), type: r.text(), namespace: r.text(), data_classification: r.text(), owner_account: r.text(),
    })),
    cloud: r.has() ? compact({ provider: r.text(), account: r.wrapped('uid'), region: r.text() }) : undefined,
    k8s: r.wrapped('cluster'), status_id: r.unsigned(), outcome: { denied: r.flag() }, status_code: r.text(), status_detail: r.text(),
    src_endpoint: r.has() ? compact({
      ip: r.text(), autonomous_system: numbered(r.number()), location: r.wrapped('country'), vpc_endpoint: r.text(), workload_uid: r.text(),
    }) : undefined,
    src_kind: r.text(), http_request: r.wrapped('user_agent'),
    volume: r.has() ? compact({ bytes_out: r.number(), bytes_in: r.number(), rows: r.number(), items: r.number(), tokens: r.number() }) : undefined,
    trace: r.has() ? compact({
      uid: r.text(), span: r.has() ? compact({ uid: r.text(), parent_uid: r.text(), kind: r.text() }) : undefined, sample_rate: rate(r.text()),
    }) : undefined,
    sequence_key: r.text(),
    privilege: r.has() ? compact({ used: r.texts(), granted_by: r.texts(), decision: r.text() }) : undefined,
    flags: flagsOf(r.unsigned()),
  };
  return compact(event) as unknown as NhiEvent;
}

/** 0 for none, 1 for a tool, 2 for one with arguments. */
function toolOf(r: Reader): object | undefined {
  const sort = r.unsigned();
  if (sort === 0) return undefined;
  const tool = { name: r.text(), category: r.text(), server: r.text(), method: r.text(), arguments: undefined as object[] | undefined };
  if (sort === 2) tool.arguments = r.list(() => ({ path: r.text(), hash: r.unsigned() })) ?? [];
  return compact(tool);
}

/** Takes out the keys that hold undefined. */
function compact<T extends object>(object: T): T {
  for (const key in object) if (object[key] === undefined) delete object[key];
  return object;
}

function numbered(number: number | null | undefined): { number: number } | undefined {
  return number === undefined || number === null ? undefined : { number };
}

function rate(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function flagsOf(bits: number): NhiEvent['flags'] {
  return FLAGS.filter((_, i) => bits & (1 << i));
}

/**
 * Bytes that the fields of an event take at most, without what its lists hold; of a resource; of a text in a list. Two dozen of its
 * fields are numbers, and the largest that a double holds takes 147.
 */
const FIXED = 4096;
const PER_RESOURCE = 64;
const PER_ARGUMENT = 16;
const PER_TEXT = 8;
