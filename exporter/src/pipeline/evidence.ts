import type { EventRef, NhiEvent } from '@remit/contract';
import { fingerprint } from '../lib/hash.ts';

const MAX_TEXT = 256;

/** The public id of an event: SHA-256 of source, realm and original id, its first 128 bits. */
export function eventUid({ metadata }: NhiEvent): string {
  if (metadata !== lastNamed) {
    // A copy: the id is a slice, which keeps all the digits it was cut from.
    lastUid = Buffer.from(fingerprint(metadata.source, metadata.realm ?? '', metadata.original_event_uid), 'latin1').toString('latin1');
    lastNamed = metadata;
  }
  return lastUid;
}

/** Hours, chains and detectors ask for the id of the same event, one after the other. */
let lastNamed: NhiEvent['metadata'] | null = null;
let lastUid = '';

/** What may be shown of an event as evidence: names and numbers, cut; no body, no argument, no secret. */
export function eventRef(event: NhiEvent): EventRef {
  const uid = eventUid(event);
  const { time, metadata: { source }, action: { category } } = event;
  const operation = cut(event.api.operation);
  const outcome = event.outcome.denied ? 'denied' : event.status_id === 2 ? 'failure' : 'success';
  const service = event.api.service?.name;
  const target = event.resources?.[0];
  const resource = target?.uid ?? target?.name ?? target?.type ?? event.tool?.name;
  const credential = event.credential?.uid;
  const network = event.src_endpoint?.ip ?? (event.src_kind === 'unknown' ? undefined : event.src_kind);
  // Made whole where nothing is missing: what is added afterwards lies in a list of its own.
  if (service !== undefined && service !== '' && resource !== undefined && credential !== undefined && network !== undefined) {
    return { uid, time, source, operation, category, outcome, service: cut(service), resource: cut(resource), credential: cut(credential), network: cut(network) };
  }
  const ref: EventRef = { uid, time, source, operation, category, outcome };
  if (service !== undefined && service !== '') ref.service = cut(service);
  if (resource !== undefined) ref.resource = cut(resource);
  if (credential !== undefined) ref.credential = cut(credential);
  if (network !== undefined) ref.network = cut(network);
  return ref;
}

/** Order of evidence: by time, then by id, so that arrival does not matter. */
function byTime(a: EventRef, b: EventRef): number {
  return a.time - b.time || (a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0);
}

/** The earliest `most` of the list, which is in order, and one more; each event once. */
export function addEvidence(list: EventRef[], ref: EventRef, most: number): EventRef[] {
  for (const { uid } of list) if (uid === ref.uid) return list;
  let at = list.length;
  while (at > 0 && byTime(ref, list[at - 1]!) < 0) at--;
  const more = list.toSpliced(at, 0, ref);
  if (more.length > most) more.pop();
  return more;
}

/** Keeps the earliest and the latest `half`, in order, each event once. */
export function spreadEvidence(list: readonly EventRef[], more: readonly EventRef[], half: number): EventRef[] {
  const all = new Map<string, EventRef>();
  for (const ref of list) all.set(ref.uid, ref);
  for (const ref of more) all.set(ref.uid, ref);
  const sorted = [...all.values()].sort(byTime);
  return sorted.length <= 2 * half ? sorted : [...sorted.slice(0, half), ...sorted.slice(-half)];
}

/** Writes another outcome into the evidence of one event, wherever it is; true when it was there. */
export function correctEvidence(lists: readonly (readonly EventRef[])[], uid: string, outcome: EventRef['outcome']): boolean {
  let found = false;
  for (const list of lists) {
    for (const ref of list) {
      if (ref.uid !== uid) continue;
      ref.outcome = outcome;
      found = true;
    }
  }
  return found;
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}
